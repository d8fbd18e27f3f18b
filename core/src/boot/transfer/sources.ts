/** Reads files of resources piece by piece, and any piece again by its place; knows nothing of what a resource is. */
import { createReadStream } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseBody, type Body } from '../../fhir/body.ts';
import { misconfigured } from '../../outcome/outcome.ts';
import { entriesIn, memberIn } from './items.ts';
import { rankOf } from './type-order.ts';

/** Where a piece stands. Small: there may be millions that wait. */
export interface Spot {
  readonly file: string;
  /** A line of ndjson from 1, or an entry of a bundle from 0; undefined for a file as a whole. */
  readonly number: number | undefined;
  readonly from: number;
  readonly length: number;
}

export interface Piece {
  readonly spot: Spot;
  readonly kind: 'resource' | 'bundle' | 'deletion';
  readonly text: string;
}

const isLines = (file: string): boolean => file.endsWith('.ndjson');

export const nameOf = ({ file, number }: Spot): string => {
  if (number === undefined) return file;
  return isLines(file) ? `${file}:${number}` : `${file} entry[${number}]`;
};

/** Undefined for what is neither ndjson nor JSON. */
const filesIn = async (path: string): Promise<string[]> => {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
  } catch (thrown) {
    throw misconfigured([`${path} cannot be read (${String((thrown as NodeJS.ErrnoException).code)})`]);
  }
  const names = (await readdir(path)).filter((name) => /\.(?:ndjson|json)$/.test(name));
  return names.sort().map((name) => join(path, name));
};

export const sourcesOf = async (paths: readonly string[]): Promise<string[]> => {
  const files = (await Promise.all(paths.map(filesIn))).flat();
  const strange = files.filter((file) => !/\.(?:ndjson|json)$/.test(file));
  if (strange.length > 0) throw misconfigured(strange.map((file) => `${file} is neither .ndjson nor .json`));
  if (files.length === 0) throw misconfigured([`there is no .ndjson or .json file in ${paths.join(', ')}`]);
  return files.toSorted((a, b) => rankOf(basename(a)) - rankOf(basename(b)));
};

const lineEnd = 10;

const linesOf = async function* (file: string): AsyncGenerator<Piece, void> {
  let held: Buffer[] = [];
  let from = 0;
  let number = 0;
  const piece = (bytes: Buffer): Piece[] => {
    number++;
    const text = bytes.toString('utf8').trim();
    const spot = { file, number, from, length: bytes.length };
    from += bytes.length;
    return text === '' ? [] : [{ spot, kind: 'resource', text: text.replace(/^\ufeff/, '') }];
  };
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let at = chunk.indexOf(lineEnd); at !== -1; at = chunk.indexOf(lineEnd, start)) {
      const bytes = Buffer.concat([...held, chunk.subarray(start, at + 1)]);
      held = [];
      start = at + 1;
      yield* piece(bytes);
    }
    held.push(chunk.subarray(start));
  }
  yield* piece(Buffer.concat(held));
};

const methodIn = (entry: string): unknown =>
  (JSON.parse(memberIn(entry, 'request') ?? '{}') as { method?: unknown }).method;

const piecesOfBundle = (file: string, body: Body): Piece[] => {
  const { type } = body.resource;
  if (type === 'transaction' || type === 'batch')
    return [{ spot: { file, number: undefined, from: 0, length: 0 }, kind: 'bundle', text: body.text }];
  const pieces = entriesIn(body.text).flatMap((entry, number): Piece[] => {
    const spot = { file, number, from: 0, length: 0 };
    const text = memberIn(entry, 'resource');
    if (type === 'history' && methodIn(entry) === 'DELETE') {
      const { url } = JSON.parse(memberIn(entry, 'request') ?? '{}') as { url?: unknown };
      return [{ spot, kind: 'deletion', text: String(url) }];
    }
    return text === undefined ? [] : [{ spot, kind: 'resource', text }];
  });
  // A history has its latest version first: in its own order the oldest would be what is left.
  return type === 'history' ? pieces.reverse() : pieces;
};

const piecesOfJson = async (file: string): Promise<Piece[]> => {
  const spot: Spot = { file, number: undefined, from: 0, length: 0 };
  const text = await readFile(file, 'utf8');
  let body: Body;
  try {
    body = parseBody(text);
  } catch {
    // Whoever writes it tells the fault, with the file's name.
    return [{ spot, kind: 'resource', text }];
  }
  return body.resource.resourceType === 'Bundle' ? piecesOfBundle(file, body) : [{ spot, kind: 'resource', text }];
};

export const piecesOf = async function* (files: readonly string[]): AsyncGenerator<Piece, void> {
  for (const file of files) {
    if (isLines(file)) yield* linesOf(file);
    else yield* await piecesOfJson(file);
  }
};

/** The same pieces again, in the order in which they are named; each file is opened once. */
export const piecesAt = async function* (spots: readonly Spot[]): AsyncGenerator<Piece, void> {
  for (let at = 0; at < spots.length;) {
    const file = spots[at]?.file ?? '';
    const end = spots.findIndex((spot, place) => place > at && spot.file !== file);
    const mine = spots.slice(at, end === -1 ? spots.length : end);
    at += mine.length;
    if (isLines(file)) yield* linesAt(file, mine);
    else {
      const byNumber = new Map((await piecesOfJson(file)).map((piece) => [piece.spot.number, piece]));
      for (const { number } of mine) {
        const piece = byNumber.get(number);
        if (piece) yield piece;
      }
    }
  }
};

const linesAt = async function* (file: string, spots: readonly Spot[]): AsyncGenerator<Piece, void> {
  const handle = await open(file);
  try {
    for (const spot of spots) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(spot.length), 0, spot.length, spot.from);
      yield { spot, kind: 'resource', text: buffer.toString('utf8', 0, bytesRead).trim() };
    }
  } finally {
    await handle.close();
  }
};
