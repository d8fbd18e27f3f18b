/** A unit of work whose steps commit together or not at all; what is asked in one turn of the event loop goes in one statement. */
import { createHash } from 'node:crypto';
import { resourceTypes, typeCode } from '../fhir/resource-types.ts';
import type { Change, Written } from './change.ts';
import { openErasing } from './erase.ts';
import { attachContents, contentReader } from './contents.ts';
import { gather } from './gather.ts';
import { referenceWord } from './index/words.ts';
import type { Transaction } from './pool.ts';
import { reading } from './reading.ts';
import type { Current } from './resources.ts';
import { typeCodeOfRid } from './rid.ts';
import type { Find, Means } from './search/find.ts';
import { holdersOf } from './search/holders.ts';
import type { Searching } from './searching.ts';
import { reads, writes, type Statement } from './statement.ts';
import type { Claim, Purpose, Referrer, TransactionUnit } from './unit.ts';
import { writeFenced, type Fence } from './fenced.ts';
import type { WriteRow } from './write-statement.ts';

/** Rows by type and id, each with the place in which it was asked for. */
const wanted = `unnest($2::int2[], string_to_array($3, chr(31))) with ordinality as t (type, id, nth)`;

/** In the order in which they were made, as all who lock rows do: two who need the same ones wait for each other and never in a circle. */
const inRidOrder = `
  (select t.*, f.rid from ${wanted}
    cross join lateral (select f.rid from resource f where f.tenant = $1 and f.type = t.type and f.id = t.id offset 0) f
    order by f.rid)`;

const head = `r.rid, r.at, r.version, (extract(epoch from r.updated) * 1000)::int8 as updated, r.deleted, r.tail`;

const found = `
  select i.nth, r.* from ${wanted.replace(' as t ', ' as i ')}
   cross join lateral (
     select ${head} from resource r where r.tenant = $1 and r.type = i.type and r.id = i.id offset 0) r`;

const foundAndHeld = (lock: string): string => `
  select i.nth, r.* from ${inRidOrder} i
   cross join lateral (select ${head} from resource r where r.tenant = $1 and r.rid = i.rid ${lock}) r`;

const finds: Readonly<Record<Purpose, Statement>> = {
  read: writes('unit.find-read', found),
  replace: writes('unit.find-replace', foundAndHeld('for no key update')),
  remove: writes('unit.find-remove', foundAndHeld('for update')),
};

/** One walk over all rows, whatever is going to be done with each. */
const holds = writes(
  'unit.hold',
  `select count(*)
     from (select i.*, $4::boolean[] as removes from ${inRidOrder} i) i
     left join lateral (
       select 1 from resource r where r.tenant = $1 and r.rid = i.rid and i.removes[i.nth] for update) a on true
     left join lateral (
       select 1 from resource r where r.tenant = $1 and r.rid = i.rid and not i.removes[i.nth] for no key update) b on true`,
);

const claimed = `select count(case when c.exclusive then pg_advisory_xact_lock(c.key) else pg_advisory_xact_lock_shared(c.key) end)
  from (select t.key, bool_or(t.exclusive) as exclusive from unnest($1::int8[], $2::boolean[]) as t (key, exclusive)
         group by t.key order by t.key) c`;

/** Some, not all: enough for a person to see what stands in the way. */
const referrersNamed = 5;

const referring = reads(
  'unit.referrers',
  `select r.rid, r.id
     from (select unnest.value from unnest($2::text[]) as unnest (value)) t
     join lateral (select w.rid from word w where w.tenant = $1 and w.param = any($3::int4[]) and w.value = t.value limit ${referrersNamed}) f on true
     join lateral (select r.rid, r.id from resource r where r.tenant = $1 and r.rid = f.rid and not r.deleted offset 0) r on true
    where not (r.rid = any($4::int8[])) limit ${referrersNamed}`,
);

const lockKey = (tenant: number, name: string): string =>
  createHash('sha256').update(`${tenant} ${name}`).digest().readBigInt64BE().toString();

interface FindAsk {
  readonly type: string;
  readonly id: string;
  readonly purpose: Purpose;
}

export interface TransactionNeeds {
  readonly tenant: number;
  readonly transaction: Transaction;
  readonly find: Find;
  readonly fence: Fence;
  readonly searching: () => Searching;
  readonly now: () => number;
  /** So long one search may take. */
  readonly mostMs: number;
  readonly lastly: TransactionUnit['lastly'];
  /** The keys under which a reference to a type may be stored. */
  readonly referenceKeys: (type: string) => readonly number[];
}

export const transactionUnit = ({
  tenant,
  transaction,
  find,
  fence,
  searching,
  now,
  mostMs,
  lastly,
  referenceKeys,
}: TransactionNeeds): TransactionUnit => {
  const removed: Change[] = [];

  const findAll = async (asks: readonly FindAsk[]): Promise<(Current | undefined)[]> => {
    const rowsFound: (Current | undefined)[] = asks.map(() => undefined);
    for (const purpose of ['remove', 'replace', 'read'] as const) {
      const mine = [...asks.entries()].filter(([, ask]) => ask.purpose === purpose);
      if (mine.length === 0) continue;
      const answer = await transaction.run<Omit<Current, 'type' | 'id'> & { nth: number }>(finds[purpose], [
        `{${mine.map(([, ask]) => typeCode(ask.type)).join(',')}}`,
        mine.map(([, ask]) => ask.id).join('\u001f'),
      ]);
      for (const { nth, ...row } of answer) {
        const [place, ask] = mine[nth - 1] ?? [];
        if (place !== undefined && ask) rowsFound[place] = { type: ask.type, id: ask.id, ...row };
      }
    }
    return rowsFound;
  };

  const writeAll = async (changes: readonly Change[]): Promise<Written[]> => {
    removed.push(...changes.filter(({ deleted }) => deleted));
    const written = await writeFenced(fence, tenant, changes, true, (statement, values) =>
      transaction.run<WriteRow>(statement, values),
    );
    await attachContents(transaction.run, changes, written);
    return written;
  };

  const finding = gather(findAll);
  // Those who read first will write soon: their changes join these.
  const writing = gather(writeAll, finding.settled);

  const hold: TransactionUnit['hold'] = async (names) => {
    if (names.length === 0) return;
    await transaction.run(holds, [
      `{${names.map(({ type }) => typeCode(type)).join(',')}}`,
      names.map(({ id }) => id).join('\u001f'),
      `{${names.map(({ purpose }) => purpose === 'remove').join(',')}}`,
    ]);
  };

  const claim = async (claims: readonly Claim[]): Promise<void> => {
    if (claims.length === 0) return;
    await transaction.query(claimed, [
      claims.map(({ name }) => lockKey(tenant, name)),
      claims.map(({ exclusive }) => exclusive),
    ]);
  };

  const referrers = async (): Promise<Referrer[]> => {
    if (removed.length === 0) return [];
    const answer = await transaction.run<{ rid: number; id: string }>(referring, [
      removed.map(({ type, id }) => referenceWord(type, id)),
      [...new Set(removed.flatMap(({ type }) => referenceKeys(type)))],
      removed.map(({ rid }) => rid),
    ]);
    return answer.map(({ rid, id }) => ({ type: resourceTypes[typeCodeOfRid(rid)] ?? '', id }));
  };

  const means = (): Means => ({
    ...{ run: transaction.run, quick: transaction.run, searching: searching() },
    // It holds its connection already: to wait in a line would hold it longer.
    look: (work) => work(),
    ...{ now: now(), clock: now, mostMs },
  });
  return {
    find: (type, id, purpose) => finding.ask({ type, id, purpose }),
    write: writing.ask,
    ...reading(transaction.run, transaction.run),
    contents: contentReader(transaction.run, transaction.run),
    search: (asked) => find.hits(means(), asked),
    count: (counted) => find.count(means(), counted),
    meant: (query, current) => find.meant(means(), query, current),
    satisfies: (query, candidate) => find.satisfies(means(), query, candidate),
    holders: (type) => holdersOf(transaction.run, type),
    hold,
    claim,
    referrers,
    erasing: openErasing({ transaction, referenceKeys }),
    ...{ run: transaction.run, lastly },
  };
};
