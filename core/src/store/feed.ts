/**
 * What has changed since a caller last asked. The cursor is a snapshot of the database: delivered is what is visible now and
 * was not then, so that nothing is passed over because a later transaction committed first, and nobody waits for a long one.
 */
import { resourceTypes } from '../fhir/resource-types.ts';
import { invalid } from '../outcome/outcome.ts';
import { methods, type Method } from './change.ts';
import type { Database } from './database.ts';
import { typeCodeOfRid } from './rid.ts';
import { asks, reads } from './statement.ts';

/** A reference to a version, and no content. */
export interface ChangeSeen {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly updated: number;
  readonly method: Method;
  readonly deleted: boolean;
}

export interface Changes {
  /** Each resource's in the order of its versions. */
  readonly changes: readonly ChangeSeen[];
  /** Where to go on, however long from now, in whichever process. */
  readonly cursor: string;
  /** The window that was opened when this was first asked is not read to its end: ask again at once. */
  readonly more: boolean;
}

/** Before the first transaction that any database ever had. */
export const beginningOfChanges = '3:3:';

const snapshotNow = asks('feed.now', 'select pg_current_snapshot()::text as snapshot where $1::int4 is not null');

/** Where a window that was too long for one answer goes on. */
interface Place {
  readonly updated: number;
  readonly rid: number;
  readonly version: number;
}

/** `from` was seen; `to` is being read, up to `place`. */
interface Cursor {
  readonly from: string;
  readonly to?: string;
  readonly place?: Place;
}

const snapshot = /^\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19})*)?$/;

const readCursor = (text: string): Cursor => {
  const [from = '', to, at] = text.split('|');
  const [updated = 0, rid = 0, version = 0] = (at ?? '').split('.').map(Number);
  const sound = snapshot.test(from) && (to === undefined || snapshot.test(to));
  if (!sound || ![updated, rid, version].every(Number.isSafeInteger))
    throw invalid('cursor', 'this is no cursor of the change feed');
  return { from, ...(to === undefined ? {} : { to, place: { updated, rid, version } }) };
};

const cursorText = ({ from, to, place }: Cursor): string =>
  to === undefined || !place ? from : `${from}|${to}|${place.updated}.${place.rid}.${place.version}`;

/** What was on its way when the snapshot was taken, and the first that had not begun. */
const partsOf = (text: string): { readonly next: string; readonly running: readonly string[] } => {
  const [, next = '', running = ''] = text.split(':');
  return { next, running: running === '' ? [] : running.split(',') };
};

const columns = `c.tenant, c.type, c.updated, c.rid, c.version`;

/**
 * Transactions finish in another order than they begin: the order within a resource is that of its times, which its row lock
 * keeps. Who has seen a version has seen the ones before it, because their writers had committed when it was written.
 */
const window = reads(
  'feed.window',
  `select v.id, v.method, v.deleted, w.rid, w.version, (extract(epoch from w.updated) * 1000)::int8 as updated
     from (select x.tenant, x.type, x.updated, x.rid, x.version from (
             select ${columns}, c.xid from change c where c.tenant = $1 and c.xid >= $2::int8
             union all
             select ${columns}, c.xid from change c where c.tenant = $1 and c.xid = any($3::int8[])) x
            where pg_visible_in_snapshot(x.xid::text::xid8, $4::pg_snapshot)
              and (x.updated, x.rid, x.version) > (to_timestamp($5::float8 / 1000), $6::int8, $7::int4)
            order by x.updated, x.rid, x.version limit $8::int8) w
     left join lateral (
       select r.id, r.method, r.deleted from resource r where r.tenant = $1 and r.rid = w.rid and r.version = w.version
       union all
       select r.id, h.method, h.deleted
         from history h join resource r on r.tenant = $1 and r.rid = h.rid
        where h.tenant = $1 and h.rid = w.rid and h.version = w.version) v on true
    order by w.updated, w.rid, w.version`,
);

/** Without an id: erased since, and nothing to be told of any more. */
interface Row {
  readonly id: string | null;
  readonly method: number;
  readonly deleted: boolean;
  readonly rid: number;
  readonly version: number;
  readonly updated: number;
}

const start: Place = { updated: -62_135_596_800_000, rid: 0, version: 0 };

const seenOf = ({ id, method, deleted, rid, version, updated }: Row): ChangeSeen[] =>
  id === null
    ? []
    : [
        {
          ...{ id, version, updated, deleted },
          type: resourceTypes[typeCodeOfRid(rid)] ?? '',
          method: methods[method] || 'PUT',
        },
      ];

/** From now on: what is there already is not delivered. */
export const changesFromNow = async ({ read }: Pick<Database, 'read'>): Promise<string> => {
  const [row] = await read.run<{ snapshot: string }>(0, snapshotNow, []);
  if (!row) throw new RangeError('the database gave no snapshot');
  return row.snapshot;
};

/** At most `limit` changes of one tenant. */
export const changesSince = async (
  database: Pick<Database, 'read' | 'searches'>,
  tenant: number,
  cursor: string,
  limit: number,
): Promise<Changes> => {
  const { from, to = await changesFromNow(database), place = start } = readCursor(cursor);
  const { next, running } = partsOf(from);
  const rows = await database.searches.run<Row>(tenant, window, [
    ...[next, running, to],
    ...[place.updated, place.rid, place.version, limit + 1],
  ]);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { changes: page.flatMap(seenOf), more, cursor: more ? cursorText({ from, to, place: last }) : to };
};
