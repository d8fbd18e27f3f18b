/** Brings files of resources in through the line, many at once: what refers to others that are not there yet waits for them, circles go in together, and what is left is told by its place. */
import type { Resource } from '../../fhir/body.ts';
import type { Target } from '../../store/change.ts';
import type { OnKernel } from '../on-kernel.ts';
import { circlesIn } from './circles.ts';
import { nameOf, piecesAt, piecesOf, type Piece, type Spot } from './sources.ts';
import { readPiece, writePiece, type Came, type Ready } from './write-piece.ts';

export interface ImportNeeds {
  readonly ask: OnKernel['ask'];
  readonly files: readonly string[];
  /** What a resource refers to on this server. */
  readonly targetsOf: (resource: Resource) => readonly Target[];
  /** Told of each piece that is refused for good. */
  readonly refused: (place: string, says: readonly string[]) => void;
}

export interface Counts {
  written: number;
  same: number;
  refused: number;
  waiting: number;
}

/** The store writes together what comes together; more at once would only wait. */
const atOnce = 64;

/** More of them are a missing file rather than circles. */
const mostLookedAt = 200_000;

interface Waiting {
  readonly spot: Spot;
  readonly says: readonly string[];
}

const behind: readonly string[] = ['an earlier version of the same resource was refused'];

const take = (counts: Counts, came: Exclude<Came, { readonly what: 'waits' }>): void => {
  if (came.what === 'refused') {
    counts.refused += came.count;
    counts.written += came.done;
  } else counts[came.what] += came.count;
};

/** Answers what waits for others. */
const passOver = async (
  pieces: AsyncGenerator<Piece, void>,
  { ask, refused }: ImportNeeds,
  counts: Counts,
): Promise<Waiting[]> => {
  const waiting: Waiting[] = [];
  const latest = new Map<string, Promise<void>>();
  const put = (spot: Spot, says: readonly string[]): void => {
    waiting.push({ spot, says });
    counts.waiting = waiting.length;
  };
  /** Of resources that wait: a later piece about the same one must not come before it. */
  const held = new Set<string>();

  const write = async (ready: Ready, before: Promise<void> | undefined): Promise<void> => {
    const { piece, key } = ready;
    await before;
    if (key !== undefined && held.has(key)) return put(piece.spot, behind);
    const came = await writePiece(ask, ready);
    if (came.what === 'waits') {
      if (key !== undefined) held.add(key);
      return put(piece.spot, came.says);
    }
    take(counts, came);
    if (came.what === 'refused') refused(nameOf(piece.spot), came.says);
  };
  const work = async (): Promise<void> => {
    for (;;) {
      const { value: piece, done } = await pieces.next();
      if (done) return;
      const ready = readPiece(piece);
      const { key } = ready;
      const mine = write(ready, key === undefined ? undefined : latest.get(key));
      if (key !== undefined) latest.set(key, mine);
      try {
        await mine;
      } finally {
        if (key !== undefined && latest.get(key) === mine) latest.delete(key);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return waiting;
};

const bundleOf = (pieces: ReadonlyMap<string, string>): string =>
  `{"resourceType":"Bundle","type":"transaction","entry":[${[...pieces]
    .map(([place, text]) => `{"resource":${text},"request":{"method":"PUT","url":"${place}"}}`)
    .join(',')}]}`;

/** Answers the names of what was written, so that another pass may find more. */
const closeCircles = async (waiting: readonly Waiting[], needs: ImportNeeds): Promise<ReadonlySet<string>> => {
  const closed = new Set<string>();
  if (waiting.length > mostLookedAt) return closed;
  const spots = new Map<string, Spot>();
  const links = new Map<string, readonly string[]>();
  for await (const piece of piecesAt(waiting.map(({ spot }) => spot))) {
    const { key, body } = readPiece(piece);
    if (piece.kind !== 'resource' || key === undefined || !body) continue;
    spots.set(key, piece.spot);
    links.set(
      key,
      needs.targetsOf(body.resource).map(({ type, id }) => `${type}/${id}`),
    );
  }
  for (const circle of circlesIn(links)) {
    const members = circle.flatMap((key) => spots.get(key) ?? []).toSorted(byPlace);
    const texts = new Map<string, string>();
    for await (const piece of piecesAt(members)) texts.set(readPiece(piece).key ?? '', piece.text);
    const [spot] = members;
    if (!spot) continue;
    const piece: Piece = { spot, kind: 'bundle', text: bundleOf(texts) };
    const came = await writePiece(needs.ask, { ...readPiece(piece), key: undefined });
    if (came.what === 'written') for (const member of members) closed.add(nameOf(member));
  }
  return closed;
};

const byPlace = (a: Spot, b: Spot): number => Number(a.file > b.file) - Number(a.file < b.file) || a.from - b.from;

export const importAll = async (needs: ImportNeeds, counts: Counts): Promise<void> => {
  let waiting = await passOver(piecesOf(needs.files), needs, counts);
  while (waiting.length > 0) {
    const next = await passOver(piecesAt(waiting.map(({ spot }) => spot).toSorted(byPlace)), needs, counts);
    const stuck = next.length === waiting.length;
    const closed = stuck ? await closeCircles(next, needs) : undefined;
    counts.written += closed?.size ?? 0;
    waiting = next.filter(({ spot }) => !closed?.has(nameOf(spot)));
    if (closed?.size === 0) break;
  }
  for (const { spot, says } of waiting) needs.refused(nameOf(spot), says);
  counts.refused += waiting.length;
  counts.waiting = 0;
};
