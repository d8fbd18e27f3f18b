/** Keeps the bytes of Binaries: takes them in and gives them out piece by piece, so that neither holds a transaction or more than a piece of memory; ties them to the version that they belong to. */
import type { Content } from '../fhir/content.ts';
import { typeCode } from '../fhir/resource-types.ts';
import { unavailable } from '../outcome/outcome.ts';
import type { Change, Written } from './change.ts';
import type { Lane } from './lane.ts';
import { reads, type Run, writes } from './statement.ts';

/** One piece is one statement: large enough that the round trips do not count, small enough to hold two of them for every transfer. */
const pieceBytes = 256 * 1024;

/** No request lasts so long: what was begun before was given up. */
const givenUpSeconds = 86_400;

const begin = writes('content.begin', 'insert into upload (tenant) values ($1) returning number');

const add = writes(
  'content.add',
  'insert into piece (tenant, number, at, bytes) values ($1, $2::int8, $3::int8, $4::bytea)',
);

/** Nothing is deleted once the number belongs to a version: the first statement finds it no more. */
const discard = writes(
  'content.discard',
  `with taken as (delete from upload u where u.tenant = $1 and u.number = $2::int8 returning u.number)
   delete from piece p using taken t where p.tenant = $1 and p.number = t.number`,
);

const sweep = writes(
  'content.sweep',
  `with taken as (
     delete from upload u where u.tenant = $1 and u.begun < now() - make_interval(secs => $2::int4) returning u.number)
   delete from piece p using taken t where p.tenant = $1 and p.number = t.number`,
);

const attach = writes(
  'content.attach',
  `with taken as (delete from upload u where u.tenant = $1 and u.number = $4::int8 returning u.number)
   insert into content (tenant, rid, version, number, size)
   select $1, $2::int8, $3::int4, t.number, $5::int8 from taken t
   returning number`,
);

const keep = writes(
  'content.keep',
  `insert into content (tenant, rid, version, number, size)
   select $1, $2::int8, $3::int4, c.number, c.size
     from content c where c.tenant = $1 and c.rid = $2::int8 and c.version = $4::int4`,
);

const ofVersion = reads(
  'content.of-version',
  `select c.number, c.size from resource r
     join content c on c.tenant = $1 and c.rid = r.rid and c.version = $4::int4
    where r.tenant = $1 and r.type = $2 and r.id = $3`,
);

/** The rest of the piece that the place is in. */
const from = reads(
  'content.from',
  `select substr(p.bytes, ($3::int8 - p.at + 1)::int4) as bytes
     from piece p where p.tenant = $1 and p.number = $2::int8 and p.at <= $3::int8
    order by p.at desc limit 1`,
);

/** Bytes that were begun, in a transaction or each statement for itself. */
const begun = async (run: Run): Promise<number> => {
  const [row] = await run<{ number: number }>(begin, []);
  if (!row) throw new RangeError('the database gave no number');
  return row.number;
};

/** Bytes in pieces of one size, whatever the sizes they come in. A piece is good until the next one is asked for: all stand in the same memory. */
const inPieces = async function* (
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const piece = Buffer.allocUnsafeSlow(pieceBytes);
  let filled = 0;
  for await (const chunk of source)
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(chunk.length - at, pieceBytes - filled);
      piece.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < pieceBytes) continue;
      yield piece;
      filled = 0;
    }
  if (filled > 0) yield piece.subarray(0, filled);
};

/** In pieces under a number; answers how many bytes they were. */
export const fill = async (run: Run, number: number, source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => {
  let size = 0;
  for await (const piece of inPieces(source)) {
    await run(add, [number, size, piece]);
    size += piece.length;
  }
  return size;
};

const attachOne = async (run: Run, rid: number, version: number, content: Content): Promise<void> => {
  if (content.kind === 'kept') {
    await run(keep, [rid, version, content.version]);
    return;
  }
  const number = content.kind === 'here' ? await begun(run) : content.number;
  const size = content.kind === 'here' ? await fill(run, number, [content.bytes]) : content.size;
  const taken = await run(attach, [rid, version, number, size]);
  if (taken.length === 0) throw unavailable('what was uploaded is not there any more; nothing was changed');
};

/** Within the transaction that wrote the versions. */
export const attachContents = async (
  run: Run,
  changes: readonly Change[],
  written: readonly Written[],
): Promise<void> => {
  for (const [place, { rid, content }] of changes.entries()) {
    const one = written[place];
    if (content && one?.outcome === 'written') await attachOne(run, rid, one.version, content);
  }
};

/** Where bytes lie; they never change there. */
export interface Held {
  readonly number: number;
  readonly size: number;
}

/** The bytes of one tenant's versions, seen from where a unit of work stands. */
export interface ContentReader {
  readonly ofVersion: (type: string, id: string, version: number) => Promise<Held | undefined>;
  /** Bytes `first` up to before `end`; between two pieces nothing is held open. */
  readonly read: (held: Held, first: number, end: number) => AsyncGenerator<Buffer>;
}

/** `pieces`: over it come whole pieces, which what is short must not wait behind. */
export const contentReader = (run: Run, pieces: Run): ContentReader => ({
  ofVersion: async (type, id, version) => (await run<Held>(ofVersion, [typeCode(type), id, version]))[0],
  read: async function* ({ number }, first, end) {
    for (let at = first; at < end;) {
      const [row] = await pieces<{ bytes: Buffer }>(from, [number, at]);
      const bytes = row?.bytes.subarray(0, end - at);
      if (!bytes || bytes.length === 0) throw unavailable('the bytes were erased while they were read');
      yield bytes;
      at += bytes.length;
    }
  },
});

export interface Contents {
  /** Stores what comes, each piece for itself; if it breaks off nothing is left. Belongs to nobody until a version is written with it. */
  readonly upload: (
    tenant: number,
    source: AsyncIterable<Uint8Array>,
  ) => Promise<Extract<Content, { kind: 'uploaded' }>>;
  /** Takes back what no version was written with; does nothing to the rest. */
  readonly discard: (tenant: number, number: number) => Promise<void>;
  /** Takes away what was begun long ago and never became a version, as after a loss of power. */
  readonly sweep: (tenant: number) => Promise<void>;
}

export const openContents = ({ run }: Lane): Contents => {
  const alone =
    (tenant: number): Run =>
    (statement, values) =>
      run(tenant, statement, values);
  const discardOne: Contents['discard'] = async (tenant, number) => void (await run(tenant, discard, [number]));
  return {
    discard: discardOne,
    upload: async (tenant, source) => {
      const number = await begun(alone(tenant));
      try {
        return { kind: 'uploaded', number, size: await fill(alone(tenant), number, source) };
      } catch (thrown) {
        // What cannot be taken back now is taken by the sweep.
        await discardOne(tenant, number).catch(() => undefined);
        throw thrown;
      }
    },
    sweep: async (tenant) => void (await run(tenant, sweep, [givenUpSeconds])),
  };
};
