/** The store as verbs hold it: reading, single writes, whole bundles, transactions; each bound to one tenant. */
import type { SearchParameter } from '../fhir/search-parameter.ts';
import { resourceTypes } from '../fhir/resource-types.ts';
import type { Change, Written } from './change.ts';
import { contentReader, openContents, type Contents } from './contents.ts';
import type { Database } from './database.ts';
import { isRetryable } from './fault.ts';
import { openIndex, type Index, type IndexNeeds, type Shown } from './index/entries.ts';
import { linkKey } from './index/parameter-key.ts';
import { parameterTable, type ParameterTable, type ShapeOf } from './index/parameter-table.ts';
import { findCurrent } from './resources.ts';
import { openRids, type Rids } from './rid.ts';
import type { Query } from '../fhir/search/query.ts';
import { conditionsOf, type Condition, type ConditionNeeds } from './search/conditions.ts';
import { sortKeyOf } from './search/sort-keys.ts';
import type { SortKey } from './search/sql/order.ts';
import type { Sort } from '../fhir/search/shape.ts';
import { openFind } from './search/find.ts';
import { transactionUnit } from './transaction.ts';
import type { TransactionUnit, Unit } from './unit.ts';
import { openWriter, writeOnce } from './writer.ts';

export interface Store {
  readonly database: Database;
  readonly parameters: ParameterTable;
  readonly index: Index;
  readonly shown: Shown;
  readonly sortKey: (type: string, sort: Sort) => SortKey;
  /** What a query asks of the index. */
  readonly conditions: (query: Query) => readonly Condition[];
  /** The search parameters of a type that find something. */
  readonly searchable: (type: string) => readonly SearchParameter[];
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

export interface StoreNeeds extends Omit<IndexNeeds, 'table'>, Pick<ConditionNeeds, 'impliedCodes'> {
  readonly database: Database;
  readonly searchParameters: readonly SearchParameter[];
  readonly shapeOf: ShapeOf;
  readonly now: () => number;
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

export const openStore = ({ database, searchParameters, shapeOf, now, ...indexing }: StoreNeeds): Store => {
  const parameters = parameterTable(searchParameters, shapeOf);
  const { index, shown } = openIndex({ ...indexing, table: parameters });
  const needs = { parameters, units: indexing.units, impliedCodes: indexing.impliedCodes };
  const find = openFind({ ...needs, index, shown });
  const writer = openWriter(database.write);
  const referenceKeys = referenceKeysOf(parameters);

  const single = (tenant: number): Unit => ({
    find: (type, id) => findCurrent(database.read, tenant, type, id),
    // The bytes of a Binary commit with its version: that takes more than one statement.
    write: (change) =>
      change.content ? transaction(tenant, (unit) => unit.write(change)) : writer.write(tenant, change),
    search: (asked, signal) =>
      find.hits((statement, values) => database.searches.run(tenant, statement, values, signal), asked, now()),
    count: (counted, signal) =>
      find.count((statement, values) => database.searches.run(tenant, statement, values, signal), counted, now()),
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
          database.bulk,
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
        (begun) => work(transactionUnit({ tenant, transaction: begun, find, now, referenceKeys })),
        signal,
      ),
    );

  const searchable = (type: string): SearchParameter[] => {
    const { all, lookup } = parameters(type);
    return [...all.values()].filter(({ code }) => lookup.has(code) || code === '_id' || code === '_lastUpdated');
  };

  return {
    ...{ database, parameters, index, shown, searchable, single, whole, transaction },
    sortKey: (type, sort) => sortKeyOf(parameters(type), sort),
    conditions: ({ type, clauses }) => conditionsOf(type, clauses, needs),
    ...{ rids: openRids(database.read), contents: openContents(database.bulk) },
  };
};
