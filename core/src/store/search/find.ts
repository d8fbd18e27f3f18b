/** Runs a search and answers its rows, each with its place in the order. */
import type { Query } from '../../fhir/search/query.ts';
import { parseBody } from '../../fhir/body.ts';
import { textOf } from '../../fhir/stored.ts';
import { tooCostly } from '../../outcome/outcome.ts';
import { referenceWord } from '../index/words.ts';
import { findMany, type Current } from '../resources.ts';
import { reads, type Run, type Statement } from '../statement.ts';
import type { Condition } from './conditions.ts';
import type { Searching } from '../searching.ts';
import { satisfiesAll, type Subject, type World } from './evaluate.ts';
import { countCall, searchCall, type SearchCall, type Snapshot } from './search-statement.ts';
import type { Place, SortKey } from './sql/order.ts';

export interface Hit {
  readonly current: Current;
  readonly place: Place;
  /** What was visible to the search, as PostgreSQL writes it. */
  readonly snapshot: string;
}

export interface Asked {
  readonly query: Query;
  readonly limit: number;
  readonly sort?: readonly SortKey[];
  readonly behind?: Place;
  readonly snapshot?: Snapshot;
}

export interface Counted {
  readonly query: Query;
  /** Counts no further. */
  readonly most?: number;
  readonly snapshot?: Snapshot;
}

type Row = Omit<Current, 'type'> & { readonly snapshot: string } & Readonly<Record<`k${number}`, string | null>>;

/** Shapes recur: each is checked and named once. A caller who invents ever new ones must not fill the memory of every connection. */
const mostShapes = 500;

/** By what one search is answered. */
export interface Means {
  readonly run: Run;
  /** For those behind which nobody waits long: many of them share their way to the database. */
  readonly quick: Run;
  readonly searching: Pick<Searching, 'index' | 'shown' | 'conditions'>;
  readonly now: number;
}

export interface Find {
  readonly hits: (means: Means, asked: Asked) => Promise<Hit[]>;
  readonly count: (means: Means, counted: Counted) => Promise<number>;
}

const keysIn = (row: Row): (string | null)[] => {
  const keys: (string | null)[] = [];
  for (let place = 0; row[`k${place}`] !== undefined; place++) keys.push(row[`k${place}`] ?? null);
  return keys;
};

/** Whether a part of the condition cannot be told by the index. */
const isOpen = (condition: Condition): boolean => {
  switch (condition.kind) {
    case 'text':
      return true;
    case 'all':
    case 'any':
      return condition.conditions.some(isOpen);
    case 'not':
      return isOpen(condition.condition);
    case 'chain':
      return condition.arms.some((arm) => isOpen(arm.condition));
    case 'has':
      return isOpen(condition.arm.condition);
    case 'element':
    case 'ids':
    case 'near':
    case 'present':
    case 'spans':
    case 'updated':
    case 'words':
      return false;
  }
};

/** So many rows are read through for one page, and no more. */
const mostLookedThrough = 50_000;
const lookedThroughAtOnce = 500;

const currentOf = (type: string, { rid, at, id, version, updated, deleted, tail }: Row): Current => ({
  ...{ type, rid, at, id, version, updated, deleted, tail },
});

export const openFind = (): Find => {
  const shapes = new Map<string, Statement>();
  const statementOf = (text: string): Statement => {
    const known = shapes.get(text);
    if (known) return known;
    const full = shapes.size >= mostShapes;
    const statement = reads(full ? '' : `search.${shapes.size}`, text);
    if (!full) shapes.set(text, statement);
    return statement;
  };
  const ask = <R extends object>(run: Run, { text, values }: SearchCall): Promise<R[]> =>
    run<R>(statementOf(text), values);

  const subjectOf = ({ index, shown }: Means['searching'], current: Current): Subject => {
    const { type, id, updated } = current;
    const { resource } = parseBody(textOf(current));
    const { entries } = index(type, resource);
    return { type, id, updated, resource, entries, shown: (code) => shown(type, resource, code) };
  };

  const rows = async ({ run, quick, now }: Means, asked: Asked, conditions: readonly Condition[]): Promise<Hit[]> => {
    const { query, sort, limit, behind, snapshot } = asked;
    const call = searchCall(
      {
        ...{ type: query.type, conditions, limit, sort },
        ...(behind ? { behind } : {}),
        ...(snapshot ? { snapshot } : {}),
      },
      now,
    );
    return (await ask<Row>(call.quick ? quick : run, call)).map((row) => ({
      current: currentOf(query.type, row),
      place: { keys: keysIn(row), rid: row.rid },
      snapshot: row.snapshot,
    }));
  };

  const worldOf = (means: Means): World => ({
    now: means.now,
    resolve: async (type, id) => {
      const [found] = await findMany(means.run, [{ type, id }]);
      return found && !found.deleted ? subjectOf(means.searching, found) : undefined;
    },
    referring: async (type, keys, target) => {
      const matches = [{ exact: referenceWord(target.type, target.id) }];
      const conditions: Condition[] = [{ kind: 'words', keys, order: 'mixed', matches }];
      const hits = await rows(means, { query: { type, clauses: [] }, limit: mostLookedThrough }, conditions);
      return hits.map(({ current }) => subjectOf(means.searching, current));
    },
  });

  /** Behind what the index tells, each row is read: until the page is full, or there was too much to read. */
  const looked = async (means: Means, asked: Asked, conditions: readonly Condition[]): Promise<Hit[]> => {
    const open = conditions.filter(isOpen);
    const world = worldOf(means);
    const hits: Hit[] = [];
    let { behind, snapshot } = asked;
    for (let seen = 0; seen < mostLookedThrough; seen += lookedThroughAtOnce) {
      const next = {
        ...asked,
        limit: lookedThroughAtOnce,
        ...(behind ? { behind } : {}),
        ...(snapshot ? { snapshot } : {}),
      };
      const found = await rows(means, next, conditions);
      for (const hit of found) {
        const subject = subjectOf(means.searching, hit.current);
        if (await satisfiesAll(open, subject, world)) hits.push(hit);
        if (hits.length === asked.limit) return hits;
      }
      const last = found.at(-1);
      if (!last || found.length < lookedThroughAtOnce) return hits;
      behind = last.place;
      snapshot ??= { text: last.snapshot, next: last.snapshot.split(':')[1] ?? '0', taken: means.now };
    }
    throw tooCostly(
      `the words were looked for in ${mostLookedThrough} resources and more would have to be read: narrow the search by another parameter`,
    );
  };

  return {
    hits: async (means, asked) => {
      const conditions = means.searching.conditions(asked.query);
      return (conditions.some(isOpen) ? looked : rows)(means, asked, conditions);
    },
    count: async (means, { query, most, ...counted }) => {
      const conditions = means.searching.conditions(query);
      if (conditions.some(isOpen))
        return (await looked(means, { query, limit: (most ?? mostLookedThrough) + 1, ...counted }, conditions)).length;
      const [row] = await ask<{ total: number }>(
        means.run,
        countCall({ ...counted, type: query.type, conditions }, most, means.now),
      );
      return row?.total ?? 0;
    },
  };
};
