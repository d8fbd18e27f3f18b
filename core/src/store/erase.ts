/** Finds every version that names a resource and takes resources out of every table, versions, words and changes; asks nobody whether it should. */
import { resourceTypes } from '../fhir/resource-types.ts';
import type { Target } from './change.ts';
import { referenceWord } from './index/words.ts';
import type { Transaction } from './pool.ts';
import { typeCodeOfRid } from './rid.ts';
import { reads, writes } from './statement.ts';

/** A version whose text names what is looked for. */
export interface Trace {
  readonly rid: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly updated: number;
  readonly tail: string;
  /** The resource as it is now. */
  readonly now: { readonly version: number; readonly deleted: boolean };
}

/** A resource beside what is erased that refers to it. */
export interface Holder extends Target {
  readonly rid: number;
}

export interface ErasedCounts {
  readonly resources: number;
  readonly versions: number;
}

export interface Erasing {
  /** Reads everything that the tenant has: there is no index of what old versions said. */
  readonly traces: (type: string, id: string) => Promise<Trace[]>;
  readonly rid: (type: string, id: string) => Promise<number | undefined>;
  /** Who refers to these, without themselves. */
  readonly holders: (erased: readonly Holder[]) => Promise<Holder[]>;
  /** Whole resources, and single past versions of others. */
  readonly erase: (rids: readonly number[], past: readonly Pick<Trace, 'rid' | 'version'>[]) => Promise<ErasedCounts>;
  /** Answers that were made to be fetched later, of the whole tenant. */
  readonly forgetAnswers: () => Promise<number>;
  /** Accounts that stand for the resource: they stand for nothing afterwards, and nobody signs in with them. */
  readonly unbind: (type: string, id: string) => Promise<number>;
}

/** A slash may be written with a backslash before it, and any letter by its number: those texts are looked at too. */
const names = (tail: string): string => `true in (strpos(replace(${tail}, $3, $4), $2) > 0, strpos(${tail}, $5) > 0)`;

const traced = writes(
  'erase.traces',
  `select r.rid, r.id, r.version, (extract(epoch from r.updated) * 1000)::int8 as updated, r.tail, r.version as latest, r.deleted
     from resource r where r.tenant = $1 and ${names('r.tail')}
   union all
   select h.rid, r.id, h.version, (extract(epoch from h.updated) * 1000)::int8 as updated, h.tail, r.version as latest, r.deleted
     from history h join resource r on r.tenant = $1 and r.rid = h.rid
    where h.tenant = $1 and ${names('h.tail')}`,
);

const named = reads('erase.rid', `select r.rid from resource r where r.tenant = $1 and r.type = $2 and r.id = $3`);

const holding = reads(
  'erase.holders',
  `select r.rid, r.id
     from (select w.rid from word w where w.tenant = $1 and w.param = any($3::int4[]) and w.value = any($2::text[]) group by w.rid) f
     join resource r on r.tenant = $1 and r.rid = f.rid
    where not r.deleted and not (r.rid = any($4::int8[]))`,
);

const ofRids = (table: string, alias: string): string =>
  `delete from ${table} ${alias} where ${alias}.tenant = $1 and ${alias}.rid = any($2::int8[])`;

/** In this order: what leads to a resource goes before it. */
const whole = {
  words: writes('erase.words', ofRids('word', 'w')),
  spans: writes('erase.spans', ofRids('span', 's')),
  changes: writes('erase.changes', ofRids('change', 'c')),
  versions: writes('erase.versions', `${ofRids('history', 'h')} returning h.rid`),
  resources: writes('erase.resources', `${ofRids('resource', 'r')} returning r.rid`),
};

const ofVersions = (table: string): string =>
  `delete from ${table} t using unnest($2::int8[], $3::int4[]) as x (rid, version)
    where t.tenant = $1 and t.rid = x.rid and t.version = x.version`;

const pastChanges = writes('erase.past-changes', ofVersions('change'));
const pastVersions = writes('erase.past-versions', `${ofVersions('history')} returning t.rid`);

const accounts = writes(
  'erase.accounts',
  `update account a set fhir_user = null, disabled = true where a.tenant = $1 and a.fhir_user = $2 returning a.id`,
);

/** They may tell of anybody; whoever asked can ask again. */
const answers = writes(
  'erase.answers',
  'delete from deferred d where d.tenant = $1 and d.status is not null returning d.id',
);

export interface ErasingNeeds {
  readonly transaction: Transaction;
  /** The keys under which a reference to a type may be stored. */
  readonly referenceKeys: (type: string) => readonly number[];
}

const typeOfRid = (rid: number): string => resourceTypes[typeCodeOfRid(rid)] ?? '';

export const openErasing = ({ transaction: { run }, referenceKeys }: ErasingNeeds): Erasing => ({
  traces: async (type, id) => {
    const rows = await run<Omit<Trace, 'type' | 'now'> & { latest: number; deleted: boolean }>(traced, [
      ...[`${type}/${id}`, '\\/', '/', '\\u00'],
    ]);
    return rows.map(({ latest, deleted, ...row }) => ({
      ...row,
      type: typeOfRid(row.rid),
      now: { version: latest, deleted },
    }));
  },
  rid: async (type, id) => (await run<{ rid: number }>(named, [resourceTypes.indexOf(type), id]))[0]?.rid,
  holders: async (erased) => {
    const rows = await run<{ rid: number; id: string }>(holding, [
      erased.map(({ type, id }) => referenceWord(type, id)),
      [...new Set(erased.flatMap(({ type }) => referenceKeys(type)))],
      erased.map(({ rid }) => rid),
    ]);
    return rows.map(({ rid, id }) => ({ rid, id, type: typeOfRid(rid) }));
  },
  erase: async (rids, past) => {
    for (const statement of [whole.words, whole.spans, whole.changes]) await run(statement, [rids]);
    const versions = await run(whole.versions, [rids]);
    const resources = await run(whole.resources, [rids]);
    const pairs = [past.map(({ rid }) => rid), past.map(({ version }) => version)];
    await run(pastChanges, pairs);
    const others = await run(pastVersions, pairs);
    return { resources: resources.length, versions: versions.length + others.length };
  },
  forgetAnswers: async () => (await run(answers, [])).length,
  unbind: async (type, id) => (await run(accounts, [`${type}/${id}`])).length,
});
