/** The store as verbs hold it: reading, single writes, whole bundles, transactions; each bound to one tenant. */
import type { SearchParameter } from '../fhir/search-parameter.ts';
import { resourceTypes } from '../fhir/resource-types.ts';
import type { Change, Written } from './change.ts';
import { contentReader, openContents, type Contents } from './contents.ts';
import type { Database } from './database.ts';
import { isRetryable } from './fault.ts';
import type { IndexNeeds } from './index/entries.ts';
import { linkKey } from './index/parameter-key.ts';
import { parameterTable, type ParameterTable, type ShapeOf } from './index/parameter-table.ts';
import { findCurrent } from './resources.ts';
import { reading } from './reading.ts';
import { openRids, type Rids } from './rid.ts';
import { openGenerations, type Generations } from './own-rows.ts';
import { openSearchLane } from './search-lane.ts';
import { holdersOf } from './search/holders.ts';
import type { ConditionNeeds } from './search/conditions.ts';
import { openFind, type Means } from './search/find.ts';
import { openSearchings, type Searching } from './searching.ts';
import { transactionUnit } from './transaction.ts';
import type { TransactionUnit, Unit } from './unit.ts';
import { openWriter, writeOnce } from './writer.ts';

export interface Store {
  readonly database: Database;
  /** By what a tenant's resources are found, as it was known last. */
  readonly searching: (tenant: number) => Searching;
  readonly generations: Generations;
  /** Of no tenant. */
  readonly base: Searching;
  readonly rids: Rids;
  readonly contents: Contents;
  /** Each step stands for itself; writes that come together travel together. */
  readonly single: (tenant: number) => Unit;
  /** `count` new resources and nothing else, in one statement: all of them or none. Whoever finds that one will not come abandons the rest. */
  readonly whole: (tenant: number, count: number) => { readonly unit: Unit; readonly abandon: () => void };
  readonly transaction: <T>(
    tenant: number,
    work: (unit: TransactionUnit) => Promise<T>,
    signal?: AbortSignal,
  ) => Promise<T>;
}

export interface StoreNeeds extends Omit<IndexNeeds, 'table'>, Pick<ConditionNeeds, 'impliedCodes' | 'foundTypes'> {
  readonly database: Database;
  readonly searchParameters: readonly SearchParameter[];
  readonly shapeOf: ShapeOf;
  readonly now: () => number;
  /** How many connections searches have, and how long one may take. */
  readonly search: { readonly connections: number; readonly mostMs: number };
}

/** The keys under which a reference to a type may stand: those of every parameter that may lead there, and those of all other links. */
const referenceKeysOf = (parameters: ParameterTable): ((target: string) => readonly number[]) => {
  const known = new Map<string, readonly number[]>();
  const keysTo = (target: string): number[] =>
    resourceTypes.flatMap((type) => {
      const { stored, lookup } = parameters(type);
      const leading = stored.filter(
        ({ type: kind, target: targets }) =>
          kind === 'reference' && (targets === undefined || targets.includes(target)),
      );
      return [linkKey(type), ...leading.flatMap(({ code }) => lookup.get(code)?.keys ?? [])];
    });
  return (target) => {
    const keys = known.get(target) ?? keysTo(target);
    known.set(target, keys);
    return keys;
  };
};

const mostTries = 6;

interface Held {
  readonly change: Change;
  readonly resolve: (written: Written) => void;
  readonly reject: (thrown: unknown) => void;
}

export const openStore = ({ database, searchParameters, shapeOf, now, search, ...indexing }: StoreNeeds): Store => {
  const parameters = parameterTable(searchParameters, shapeOf);
  const searchings = openSearchings({ ...indexing, table: parameters });
  const generations = openGenerations(database.read, searchings, now);
  const fence = { generation: (tenant: number) => generations.of(tenant).generation, renew: generations.renew };
  const find = openFind();
  const writer = openWriter({ lane: database.write, fence });
  const referenceKeys = referenceKeysOf(parameters);

  const lane = openSearchLane({ pool: database.searches, size: search.connections, mostMs: search.mostMs, now });
  const means = (tenant: number, signal: AbortSignal | undefined): Means => ({
    run: (statement, values) => lane.run(tenant, statement, values, signal),
    quick: (statement, values) => database.read.run(tenant, statement, values),
    look: (work) => lane.looking.take(work, signal),
    searching: generations.of(tenant),
    ...{ now: now(), clock: now, mostMs: search.mostMs },
  });

  const single = (tenant: number): Unit => ({
    find: (type, id) => findCurrent(database.read, tenant, type, id),
    ...reading(
      (statement, values) => database.read.run(tenant, statement, values),
      (statement, values, signal) => database.searches.run(tenant, statement, values, signal),
    ),
    // The bytes of a Binary commit with its version: that takes more than one statement.
    write: (change) =>
      change.content ? transaction(tenant, (unit) => unit.write(change)) : writer.write(tenant, change),
    search: (asked, signal) => find.hits(means(tenant, signal), asked),
    count: (counted, signal) => find.count(means(tenant, signal), counted),
    meant: (query, current, signal) => find.meant(means(tenant, signal), query, current),
    satisfies: (query, candidate, signal) => find.satisfies(means(tenant, signal), query, candidate),
    holders: (type) => holdersOf(means(tenant, undefined).run, type),
    contents: contentReader(
      (statement, values) => database.read.run(tenant, statement, values),
      (statement, values) => database.searches.run(tenant, statement, values),
    ),
  });

  const whole: Store['whole'] = (tenant, count) => {
    const held: Held[] = [];
    let abandoned = false;
    const send = async (): Promise<void> => {
      try {
        const written = await writeOnce(
          { lane: database.bulk, fence },
          tenant,
          held.map(({ change }) => change),
          true,
        );
        for (const [place, { resolve }] of held.entries()) resolve(written[place] ?? { outcome: 'undone' });
      } catch (thrown) {
        for (const { reject } of held) reject(thrown);
      }
    };
    const abandon = (): void => {
      if (abandoned) return;
      abandoned = true;
      for (const { resolve } of held.splice(0)) resolve({ outcome: 'undone' });
    };
    const write: Unit['write'] = (change) =>
      new Promise((resolve, reject) => {
        if (abandoned) resolve({ outcome: 'undone' });
        else held.push({ change, resolve, reject });
        if (held.length === count) void send();
      });
    return { unit: { ...single(tenant), write }, abandon };
  };

  /** Two that waited for each other in a circle, or met at a new id: one of them begins again. */
  const retried = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (thrown) {
        if (tries === mostTries || !isRetryable(thrown)) throw thrown;
      }
    }
  };

  const transaction: Store['transaction'] = (tenant, work, signal) =>
    retried(() =>
      database.transactions.transaction(
        tenant,
        async (begun) => {
          const last: (() => Promise<void>)[] = [];
          const unit = transactionUnit({
            ...{ tenant, transaction: begun, find, fence, now, referenceKeys, mostMs: search.mostMs },
            searching: () => generations.of(tenant),
            lastly: (each) => void last.push(each),
          });
          const done = await work(unit);
          for (const each of last) await each();
          return done;
        },
        signal,
      ),
    );

  return {
    ...{ database, single, whole, transaction },
    ...{ generations, searching: generations.of, base: searchings.base },
    ...{ rids: openRids(database.read), contents: openContents(database.bulk) },
  };
};
