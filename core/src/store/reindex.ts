/** Brings the words and spans of stored resources in line with what their types' parameters find now, a page at a time, while others write. */
import { exactOf, parseBody } from '../fhir/body.ts';
import { textOf } from '../fhir/stored.ts';
import { unavailable } from '../outcome/outcome.ts';
import type { Entries } from './change.ts';
import { difference, type Index, type Indexed } from './index/entries.ts';
import type { Pool, Transaction } from './pool.ts';
import type { Current } from './resources.ts';
import { ridRange } from './rid.ts';
import { statementsEnded } from './settled.ts';
import { noEntries } from './change.ts';

export interface ReindexNeeds {
  readonly transactions: Pick<Pool, 'transaction'>;
  readonly index: Index;
}

export interface ReindexAsked {
  readonly tenant: number;
  readonly type: string;
  /** The last row id of the page before; 0 begins. */
  readonly behind: number;
  readonly limit: number;
}

export interface ReindexPage {
  readonly seen: number;
  /** Undefined when this page was the last. */
  readonly behind: number | undefined;
}

type Row = Omit<Current, 'type'>;

const columns = `r.rid, r.at, r.id, r.version, (extract(epoch from r.updated) * 1000)::int8 as updated, r.deleted, r.tail`;

/** Who changes a row meanwhile waits until this page is committed. */
const page = `
  select ${columns} from resource r
   where r.tenant = $1 and r.rid > $2::int8 and r.rid >= $3::int8 and r.rid < $4::int8 order by r.rid limit $5::int8 for no key update`;

const those = `
  select ${columns} from resource r where r.tenant = $1 and r.rid = any($2::int8[]) order by r.rid for no key update`;

const dates = `
  update resource r set at = x.at from unnest($2::int8[], $3::int8[]) as x (rid, at)
   where r.tenant = $1 and r.rid = x.rid and r.at <> x.at`;

/** They stand at the date of before. */
const dropMoved = `delete from word w where w.tenant = $1 and w.rid = any($2::int8[])`;

const addWords = `
  insert into word (tenant, param, value, at, rid)
  select $1, x.* from unnest($2::int4[], string_to_array($3, chr(31)), $4::int8[], $5::int8[]) as x (param, value, at, rid)
  on conflict do nothing`;

const addSpans = `
  insert into span (tenant, param, long, low, high, rid)
  select $1, x.* from unnest($2::int4[], $3::boolean[], $4::int8[], $5::int8[], $6::int8[]) as x (param, long, low, high, rid)
  on conflict do nothing`;

const dropWords = `
  delete from word w using unnest($2::int4[], string_to_array($3, chr(31)), $4::int8[], $5::int8[]) as x (param, value, at, rid)
   where w.tenant = $1 and w.param = x.param and w.value = x.value and w.at = x.at and w.rid = x.rid`;

const dropSpans = `
  delete from span s using unnest($2::int4[], $3::boolean[], $4::int8[], $5::int8[], $6::int8[]) as x (param, long, low, high, rid)
   where s.tenant = $1 and s.rid = x.rid and s.param = x.param and s.low = x.low and s.high = x.high`;

interface Done {
  readonly rid: number;
  readonly version: number;
  readonly entries: Entries;
}

type OfRow = readonly (readonly [rid: number, entries: Entries])[];

const wordValues = (rows: OfRow): unknown[] | undefined => {
  const all = rows.flatMap(([rid, { words }]) => words.map((word) => ({ rid, word })));
  if (all.length === 0) return undefined;
  return [
    all.map(({ word }) => word.param),
    all.map(({ word }) => word.value).join('\u001f'),
    all.map(({ word }) => word.at),
    all.map(({ rid }) => rid),
  ];
};

const spanValues = (rows: OfRow): unknown[] | undefined => {
  const all = rows.flatMap(([rid, { spans }]) => spans.map((span) => ({ rid, span })));
  if (all.length === 0) return undefined;
  return [
    all.map(({ span }) => span.param),
    all.map(({ span }) => span.long),
    all.map(({ span }) => span.low),
    all.map(({ span }) => span.high),
    all.map(({ rid }) => rid),
  ];
};

const nothing: Indexed = { entries: noEntries, at: 0, targets: [] };

/** How often a page is looked at again before somebody has to wait. */
const mostRounds = 20;

export const reindexPage = async (
  { transactions, index }: ReindexNeeds,
  { tenant, type, behind, limit }: ReindexAsked,
): Promise<ReindexPage> => {
  const indexed = (row: Row): Indexed =>
    row.deleted ? nothing : index(type, exactOf(parseBody(textOf({ type, ...row }))));

  /** `wrong`: what an earlier round wrote of versions that are none any more. */
  const write = async ({ query }: Transaction, rows: readonly Row[], wrong: OfRow): Promise<Done[]> => {
    const done = rows.map((row) => ({ row, found: indexed(row) }));
    const entries = done.map(({ row, found }) => [row.rid, found.entries] as const);
    const ask = async (text: string, values: unknown[] | undefined): Promise<void> => {
      if (values) await query(text, [tenant, ...values]);
    };
    await ask(dropWords, wordValues(wrong));
    await ask(dropSpans, spanValues(wrong));
    const moved = done.filter(({ row, found }) => row.at !== found.at && !row.deleted);
    if (moved.length > 0) {
      const rids = moved.map(({ row }) => row.rid);
      await ask(dates, [rids, moved.map(({ found }) => found.at)]);
      await ask(dropMoved, [rids]);
    }
    await ask(addWords, wordValues(entries));
    await ask(addSpans, spanValues(entries));
    return done.map(({ row, found }) => ({ rid: row.rid, version: row.version, entries: found.entries }));
  };

  const [low, high] = ridRange(type);
  let done = await transactions.transaction(tenant, async (transaction) => {
    const rows = await transaction.query<Row>(page, [tenant, behind, low, high, limit]);
    return write(transaction, rows, []);
  });
  const [seen, last] = [done.length, done.at(-1)?.rid];
  for (let round = 0; done.length > 0; round++) {
    if (round === mostRounds) throw unavailable('these resources are written without a pause: go on later');
    // An update that began before our commit could not see what was committed: its deletions missed it.
    await statementsEnded(transactions, tenant);
    const before = new Map(done.map((each) => [each.rid, each]));
    done = await transactions.transaction(tenant, async (transaction) => {
      const rows = await transaction.query<Row>(those, [tenant, [...before.keys()]]);
      const changed = rows.filter(({ rid, version }) => before.get(rid)?.version !== version);
      const wrong = changed.map(
        (row) => [row.rid, difference(before.get(row.rid)?.entries ?? noEntries, indexed(row).entries)] as const,
      );
      return write(transaction, changed, wrong);
    });
  }
  return { seen, behind: seen < limit ? undefined : last };
};
