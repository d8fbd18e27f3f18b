/** Writes one piece through the line and says what came of it; what only waits for others is told apart from what is refused. */
import { setTimeout as pause } from 'node:timers/promises';
import { parseBody, tailOf, type Body } from '../../fhir/body.ts';
import type { Answer } from '../../fhir/interaction.ts';
import { asOutcome, type Issue, type Outcome } from '../../outcome/outcome.ts';
import type { OnKernel } from '../on-kernel.ts';
import { entriesIn, memberIn } from './items.ts';
import type { Piece } from './sources.ts';

export type Came =
  | { readonly what: 'written' | 'same'; readonly count: number }
  /** References lead nowhere yet. */
  | { readonly what: 'waits'; readonly says: readonly string[] }
  | { readonly what: 'refused'; readonly count: number; readonly done: number; readonly says: readonly string[] };

/** A piece that was read, and what it is about: pieces about the same resource are written one after the other. */
export interface Ready {
  readonly piece: Piece;
  readonly key: string | undefined;
  readonly body: Body | undefined;
  readonly fault: Outcome | undefined;
}

const told = 5;

/** The place and what is wrong with it; never a value, and an id is one. */
const line = ({ expression, code, diagnostics }: Issue): string =>
  `${expression?.join(', ') ?? 'Resource'}: ${code === 'not-found' ? 'the reference leads nowhere' : diagnostics}`;

const saysOf = ({ issues }: Outcome): string[] => issues.slice(0, told).map(line);

export const readPiece = (piece: Piece): Ready => {
  if (piece.kind === 'deletion') return { piece, key: piece.text, body: undefined, fault: undefined };
  try {
    const body = parseBody(piece.text);
    const { resourceType, id } = body.resource;
    return { piece, key: id === undefined ? undefined : `${resourceType}/${id}`, body, fault: undefined };
  } catch (thrown) {
    return { piece, key: undefined, body: undefined, fault: asOutcome(thrown) };
  }
};

const busy = 503;
const mostTries = 20;

/** Nothing was changed by what was refused so: the same may be asked again. */
const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (thrown) {
      if (asOutcome(thrown).status !== busy || tries === mostTries) throw thrown;
      await pause(500);
    }
  }
};

const isMissing = ({ status, issues }: Outcome): boolean =>
  status === 422 && issues.length > 0 && issues.every(({ code }) => code === 'not-found');

const absent = new Set([404, 410]);

/** A repetition of the same import must not make a second version of everything. */
const isThere = async (ask: OnKernel['ask'], type: string, id: string, body: Body): Promise<boolean> => {
  try {
    const answer = await ask({ verb: 'read', type, id });
    return 'stored' in answer && answer.stored?.tail === tailOf(body);
  } catch (thrown) {
    if (absent.has(asOutcome(thrown).status)) return false;
    throw thrown;
  }
};

const writeResource = async (ask: OnKernel['ask'], body: Body): Promise<Came> => {
  const { resourceType: type, id } = body.resource;
  if (id === undefined) await ask({ verb: 'create', type, body });
  else if (await isThere(ask, type, id, body)) return { what: 'same', count: 1 };
  else await ask({ verb: 'update', type, id, body });
  return { what: 'written', count: 1 };
};

interface EntryResponse {
  readonly status?: string;
  readonly outcome?: { readonly issue?: readonly Issue[] };
}

const batchRefusals = (answer: Answer): string[] =>
  ('text' in answer ? entriesIn(answer.text) : []).flatMap((entry, place) => {
    const { status = '', outcome } = JSON.parse(memberIn(entry, 'response') ?? '{}') as EntryResponse;
    const says = (outcome?.issue ?? []).slice(0, 1).map(line).join('');
    return Number(status.slice(0, 3)) >= 400 ? [`Bundle.entry[${place}]: ${says}`] : [];
  });

const writeBundle = async (ask: OnKernel['ask'], body: Body): Promise<Came> => {
  const count = Array.isArray(body.resource.entry) ? body.resource.entry.length : 0;
  const verb = String(body.resource.type);
  const answer = await ask({ verb, body });
  const says = verb === 'batch' ? batchRefusals(answer) : [];
  if (says.length === 0) return { what: 'written', count };
  return { what: 'refused', count: says.length, done: count - says.length, says };
};

const remove = async (ask: OnKernel['ask'], place: string): Promise<Came> => {
  const [type = '', id = ''] = place.split('/');
  await ask({ verb: 'delete', type, id });
  return { what: 'written', count: 1 };
};

export const writePiece = async (ask: OnKernel['ask'], { piece, key, body, fault }: Ready): Promise<Came> => {
  if (fault) return { what: 'refused', count: 1, done: 0, says: saysOf(fault) };
  try {
    return await patiently(async () => {
      if (!body) return remove(ask, key ?? '');
      return piece.kind === 'bundle' ? writeBundle(ask, body) : writeResource(ask, body);
    });
  } catch (thrown) {
    const outcome = asOutcome(thrown);
    if (isMissing(outcome)) return { what: 'waits', says: saysOf(outcome) };
    return { what: 'refused', count: 1, done: 0, says: saysOf(outcome) };
  }
};
