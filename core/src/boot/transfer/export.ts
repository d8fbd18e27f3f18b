/** Writes the current resources of some types into files, exactly as they are stored, a page at a time; each file appears when it is whole. */
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { misconfigured } from '../../outcome/outcome.ts';
import type { OnKernel } from '../on-kernel.ts';
import { entriesIn, memberIn } from './items.ts';
import { whole, type Pieces } from './whole-binary.ts';

export interface ExportNeeds {
  readonly ask: OnKernel['ask'];
  readonly base: string;
  readonly types: readonly string[];
  readonly format: 'ndjson' | 'bundle';
  /** A folder, or one file by its ending. */
  readonly to: string;
  readonly told: (type: string, count: number) => void;
}

const pageSize = 1_000;

const nextIn = (bundle: string): string | undefined => {
  const links = JSON.parse(memberIn(bundle, 'link') ?? '[]') as readonly { relation: string; url: string }[];
  const next = links.find(({ relation }) => relation === 'next');
  return next && (new URL(next.url).searchParams.get('_cursor') ?? undefined);
};

/** The texts of a type's resources, in pages, the latest first. What is made meanwhile is not among them. */
const pagesOf = async function* (ask: OnKernel['ask'], type: string): AsyncGenerator<string[], void> {
  for (let cursor: string | undefined, more = true; more;) {
    const query = new URLSearchParams({
      _count: String(pageSize),
      ...(cursor === undefined ? {} : { _cursor: cursor }),
    });
    const answer = await ask({ verb: 'search-type', type, query });
    const text = 'text' in answer ? answer.text : '';
    const resources = entriesIn(text).flatMap((entry) => memberIn(entry, 'resource') ?? []);
    if (resources.length > 0) yield resources;
    cursor = nextIn(text);
    more = cursor !== undefined;
  }
};

interface Sink {
  /** Answers how many were still there. */
  readonly add: (resources: readonly string[], type: string) => Promise<number>;
  readonly end: () => Promise<void>;
  readonly drop: () => Promise<void>;
}

/** `lead` and `tail` stand around all, `between` two of them. */
interface Form {
  readonly lead: string;
  readonly between: string;
  readonly tail: string;
  /** What stands before a resource and behind it. */
  readonly around: (id: string, type: string) => readonly [before: string, behind: string];
}

const idIn = (resource: string): string => String(JSON.parse(memberIn(resource, 'id') ?? '""'));

const lines: Form = { lead: '', between: '', tail: '', around: () => ['', '\n'] };

const bundleOf = (type: 'transaction' | 'collection', base: string): Form => ({
  lead: `{"resourceType":"Bundle","type":"${type}","entry":[\n`,
  between: ',\n',
  tail: '\n]}\n',
  around: (id, name) => {
    const place = `${name}/${id}`;
    const request = type === 'transaction' ? `,"request":{"method":"PUT","url":"${place}"}` : '';
    return [`{"fullUrl":"${base}/fhir/${place}","resource":`, `${request}}`];
  },
});

const openSink = async (ask: OnKernel['ask'], path: string, form: Form): Promise<Sink> => {
  const { lead, between, tail, around } = form;
  const half = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  const file: FileHandle = await open(half, 'w', 0o600);
  await file.appendFile(lead);
  let separator = '';
  let waiting: string[] = [];
  const flush = async (): Promise<void> => {
    await file.appendFile(waiting.join(''));
    waiting = [];
  };
  const write = async (pieces: Pieces, [before, behind]: readonly [string, string]): Promise<void> => {
    waiting.push(separator, before);
    if (typeof pieces === 'string') waiting.push(pieces);
    else {
      await flush();
      for await (const piece of pieces) await file.appendFile(piece);
    }
    waiting.push(behind);
  };
  return {
    add: async (resources, type) => {
      let added = 0;
      for (const resource of resources) {
        const pieces = await whole(ask, type, resource);
        if (pieces === undefined) continue;
        await write(pieces, around(idIn(resource), type));
        separator = between;
        added++;
      }
      await flush();
      return added;
    },
    end: async () => {
      await file.appendFile(tail);
      await file.sync();
      await file.close();
      await rename(half, path);
    },
    drop: async () => {
      await file.close();
      await rm(half, { force: true });
    },
  };
};

/** Which file takes the next page; a new one begins where an earlier one is whole. */
type Place = (type: string, page: number) => string;

const plans = ({ format, to, base }: ExportNeeds): { readonly place: Place; readonly form: Form } => {
  const isFile = /\.(?:ndjson|json)$/.test(to);
  if (isFile && to.endsWith('.ndjson') !== (format === 'ndjson'))
    throw misconfigured([
      `${format} goes into a folder or a file that ends in ${format === 'ndjson' ? '.ndjson' : '.json'}`,
    ]);
  if (format === 'ndjson') return { form: lines, place: (type) => (isFile ? to : join(to, `${type}.ndjson`)) };
  if (isFile) return { form: bundleOf('collection', base), place: () => to };
  return {
    form: bundleOf('transaction', base),
    place: (type, page) => join(to, `${type}-${String(page).padStart(5, '0')}.json`),
  };
};

/** Answers how many were written. */
export const exportAll = async (needs: ExportNeeds): Promise<number> => {
  const { ask, types, told } = needs;
  const { place, form } = plans(needs);
  let sink: Sink | undefined;
  let path = '';
  let total = 0;
  try {
    for (const type of types) {
      let count = 0;
      let page = 0;
      for await (const resources of pagesOf(ask, type)) {
        const next = place(type, ++page);
        if (next !== path) {
          await sink?.end();
          sink = undefined;
          path = next;
          sink = await openSink(ask, next, form);
        }
        count += (await sink?.add(resources, type)) ?? 0;
      }
      if (count > 0) told(type, count);
      total += count;
    }
    await sink?.end();
    return total;
  } catch (thrown) {
    await sink?.drop();
    if (!(thrown instanceof Error && 'syscall' in thrown && 'code' in thrown)) throw thrown;
    throw misconfigured([`${path} cannot be written (${String(thrown.code)})`], thrown);
  }
};
