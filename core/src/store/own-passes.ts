/** Brings a tenant's own search parameters to where they are wanted: indexes for those that came, a page at a time, and takes away what was indexed for those that left. */
import { setTimeout as pause } from 'node:timers/promises';
import type { SearchParameter } from '../fhir/search-parameter.ts';
import { resourceTypes, typeCode } from '../fhir/resource-types.ts';
import type { Database } from './database.ts';
import { heldKeys } from './index/held.ts';
import type { Generations } from './own-rows.ts';
import { keysOf, nextGeneration, typesOf } from './own-writes.ts';
import { reindexPage } from './reindex.ts';
import { writersEnded } from './settled.ts';
import { reads, writes, type Run } from './statement.ts';

/** A process may answer by what it knew a moment ago; an answer may take as long as a search may. */
export const leavingMs = 60_000;

/** So long who meets another one at the same pass leaves it to him. */
const restMs = 500;

const pageSize = 500;
const deletedAtOnce = 10_000;

const waiting = reads(
  'own.waiting',
  `select p.slot, p.definition, p.pass, p.type, p.behind, p.total from search_parameter p
    where p.tenant = $1 and p.state = 'indexing' order by p.pass, p.slot`,
);

const counted = reads(
  'own.counted',
  `select count(*)::int8 as total from resource r where r.tenant = $1 and r.type = any($2::int2[])`,
);

const begin = writes(
  'own.begin',
  `update search_parameter p set total = $3::int8 where p.tenant = $1 and p.pass = $2::int4 and p.state = 'indexing'`,
);

/** Those that left meanwhile are not gone on with; what another one has gone on with is not counted twice. */
const advance = writes(
  'own.advance',
  `update search_parameter p set type = $3, behind = $4::int8, seen = p.seen + $5::int8
    where p.tenant = $1 and p.pass = $2::int4 and p.state = 'indexing'
      and p.type is not distinct from $6 and p.behind = $7::int8 returning p.slot`,
);

const finish = writes(
  'own.finish',
  `update search_parameter p set state = 'ready', since = now()
    where p.tenant = $1 and p.pass = $2::int4 and p.state = 'indexing'`,
);

const leaving = reads(
  'own.leaving',
  `select count(*)::int4 as n from search_parameter p where p.tenant = $1 and p.state = 'leaving'`,
);

const go = writes(
  'own.go',
  `update search_parameter p set state = 'gone'
    where p.tenant = $1 and p.state = 'leaving' and p.since < now() - make_interval(secs => $2::float8 / 1000) returning p.slot`,
);

const gone = reads(
  'own.gone',
  `select p.slot, p.definition from search_parameter p where p.tenant = $1 and p.state = 'gone'`,
);

const dropWords = writes(
  'own.drop-words',
  `with d as materialized (
     select w.param, w.value, w.at, w.rid from word w where w.tenant = $1 and w.param = any($2::int4[]) limit ${deletedAtOnce})
   delete from word w using d
    where w.tenant = $1 and w.param = d.param and w.value = d.value and w.at = d.at and w.rid = d.rid returning 1 as one`,
);

const dropSpans = writes(
  'own.drop-spans',
  `with d as materialized (
     select s.param, s.low, s.high, s.rid from span s where s.tenant = $1 and s.param = any($2::int4[]) limit ${deletedAtOnce})
   delete from span s using d
    where s.tenant = $1 and s.param = d.param and s.low = d.low and s.high = d.high and s.rid = d.rid returning 1 as one`,
);

const forget = writes('own.forget', `delete from search_parameter p where p.tenant = $1 and p.slot = $2`);

interface Waiting {
  readonly slot: string;
  readonly definition: string;
  readonly pass: number;
  /** Up to where this pass has come. */
  readonly type: string | null;
  readonly behind: number;
  readonly total: number | null;
}

export interface PassNeeds {
  readonly database: Pick<Database, 'transactions' | 'jobs'>;
  readonly generations: Generations;
  readonly tenant: number;
  readonly signal: AbortSignal;
}

const parameterIn = ({ definition, slot }: Pick<Waiting, 'definition' | 'slot'>): SearchParameter => ({
  ...(JSON.parse(definition) as SearchParameter),
  slot,
});

/** `elsewhere`: somebody else is at it. */
const indexPass = async (needs: PassNeeds, some: readonly Waiting[]): Promise<'ended' | 'elsewhere'> => {
  const { database, generations, tenant, signal } = needs;
  const [{ pass, type: reached, behind: from, total } = { pass: 0, type: null, behind: 0, total: null }] = some;
  const inTransaction = <T>(work: (run: Run) => Promise<T>): Promise<T> =>
    database.jobs.transaction(tenant, ({ run }) => work(run));
  const wanted = new Set(some.flatMap((row) => typesOf(parameterIn(row))));
  const types = resourceTypes.filter((type) => wanted.has(type));
  // From here on whoever writes writes what these parameters find.
  await writersEnded(database.jobs, tenant);
  await generations.renew(tenant);
  if (total === null)
    await inTransaction(async (run) => {
      const [row] = await run<{ total: number }>(counted, [types.map(typeCode)]);
      await run(begin, [pass, row?.total ?? 0]);
    });
  let place: readonly [type: string | null, behind: number] = [reached, from];
  for (const type of reached === null ? types : types.slice(types.indexOf(reached)))
    for (let behind: number | undefined = type === reached ? from : 0; behind !== undefined;) {
      signal.throwIfAborted();
      const { index } = generations.of(tenant);
      const page = await reindexPage({ transactions: database.jobs, index }, { tenant, type, behind, limit: pageSize });
      behind = page.behind;
      const next = [type, behind ?? Number.MAX_SAFE_INTEGER] as const;
      const before = place;
      const still = await inTransaction((run) => run(advance, [pass, ...next, page.seen, ...before]));
      if (still.length === 0) {
        const left = await database.jobs.run<Waiting>(tenant, waiting, []);
        return left.some((row) => row.pass === pass) ? 'elsewhere' : 'ended';
      }
      place = next;
    }
  await inTransaction(async (run) => {
    await run(finish, [pass]);
    await nextGeneration(run);
  });
  await generations.renew(tenant);
  return 'ended';
};

const clear = async ({ database, tenant, generations, signal }: PassNeeds): Promise<void> => {
  const rows = await database.jobs.transaction(tenant, async ({ run }) => {
    const went = await run(go, [leavingMs]);
    if (went.length > 0) await nextGeneration(run);
    return run<Pick<Waiting, 'slot' | 'definition'>>(gone, []);
  });
  if (rows.length === 0) return;
  await generations.renew(tenant);
  await writersEnded(database.jobs, tenant);
  for (const row of rows) {
    const own = keysOf(parameterIn(row));
    const keys = [...own, ...heldKeys(own)];
    for (const statement of [dropWords, dropSpans])
      for (let more = true; more;) {
        signal.throwIfAborted();
        const dropped = await database.jobs.run(tenant, statement, [keys]);
        more = dropped.length === deletedAtOnce;
      }
    await database.jobs.run(tenant, forget, [row.slot]);
  }
};

/** Whether some have left that others may still ask for: to be called again after `leavingMs`. */
export const bringForward = async (needs: PassNeeds): Promise<boolean> => {
  const { database, tenant, signal } = needs;
  for (;;) {
    const rows = await database.jobs.run<Waiting>(tenant, waiting, []);
    const [first] = rows;
    if (!first) break;
    const came = await indexPass(
      needs,
      rows.filter(({ pass }) => pass === first.pass),
    );
    // Two at once would do each page twice; if the other one ends before its time, this one goes on.
    if (came === 'elsewhere') await pause(restMs, undefined, { signal });
  }
  await clear(needs);
  const [left] = await database.jobs.run<{ n: number }>(tenant, leaving, []);
  return (left?.n ?? 0) > 0;
};

const status = reads(
  'own.status',
  `select p.state, p.seen, p.total from search_parameter p
    where p.tenant = $1 and p.id = $2 and p.state in ('indexing', 'ready')`,
);

export interface OwnStatus {
  readonly state: 'indexing' | 'ready';
  readonly seen: number;
  readonly total: number | null;
}

/** Undefined where nothing is searched by it: it is not in use, or on its way out. */
export const ownStatus = async (run: Run, id: string): Promise<OwnStatus | undefined> => {
  const [row] = await run<OwnStatus>(status, [id]);
  return row;
};
