/** Reads resources by their key: the current version, an older one, or the rows that a write begins with. */
import { typeCode } from '../fhir/resource-types.ts';
import type { Stored } from '../fhir/interaction.ts';
import type { Target } from './change.ts';
import type { Lane } from './lane.ts';
import { reads, type Run } from './statement.ts';

/** The current version with what a write needs of it. */
export interface Current extends Stored {
  readonly rid: number;
  readonly at: number;
}

const head = `version, (extract(epoch from updated) * 1000)::int8 as updated, deleted, tail`;

const current = reads(
  'resource.current',
  `select rid, at, ${head} from resource where tenant = $1 and type = $2 and id = $3`,
);

const byVersion = reads(
  'resource.by-version',
  `select ${head} from resource where tenant = $1 and type = $2 and id = $3 and version = $4
   union all
   select h.version, (extract(epoch from h.updated) * 1000)::int8 as updated, h.deleted, h.tail
     from resource r
     join lateral (select h.* from history h where h.tenant = $1 and h.rid = r.rid and h.version = $4 offset 0) h on true
    where r.tenant = $1 and r.type = $2 and r.id = $3`,
);

type Head = Pick<Stored, 'version' | 'updated' | 'deleted' | 'tail'>;

export const findCurrent = async (
  lane: Lane,
  tenant: number,
  type: string,
  id: string,
): Promise<Current | undefined> => {
  const [row] = await lane.run<Head & { rid: number; at: number }>(tenant, current, [typeCode(type), id]);
  return row && { type, id, ...row };
};

export const findVersion = async (run: Run, type: string, id: string, version: number): Promise<Stored | undefined> => {
  const [row] = await run<Head>(byVersion, [typeCode(type), id, version]);
  return row && { type, id, ...row };
};

const byKeys = reads(
  'resource.by-keys',
  `select t.nth, r.*
     from unnest($2::int2[], string_to_array($3, chr(31))) with ordinality as t (type, id, nth)
    cross join lateral (
      select r.rid, r.at, r.id, ${head} from resource r where r.tenant = $1 and r.type = t.type and r.id = t.id offset 0) r`,
);

/** Those that are there, in the order in which they were asked for. */
export const findMany = async (run: Run, targets: readonly Target[]): Promise<Current[]> => {
  if (targets.length === 0) return [];
  const rows = await run<Head & { rid: number; at: number; id: string; nth: number }>(byKeys, [
    `{${targets.map(({ type }) => typeCode(type)).join(',')}}`,
    targets.map(({ id }) => id).join('\u001f'),
  ]);
  return rows
    .toSorted((a, b) => a.nth - b.nth)
    .flatMap(({ nth, ...row }) => {
      const target = targets[nth - 1];
      return target ? [{ type: target.type, ...row }] : [];
    });
};

const wordsOf = reads(
  'resource.words',
  `select distinct w.value
     from unnest($2::int8[]) as t (rid)
    cross join lateral (
      select w.value from word w where w.tenant = $1 and w.rid = t.rid and w.param = any($3::int4[]) offset 0) w`,
);

/** The words under some keys of all these rows together. */
export const valuesOf = async (
  run: Run,
  rids: readonly number[],
  keys: readonly number[],
): Promise<readonly string[]> => {
  if (rids.length === 0 || keys.length === 0) return [];
  const rows = await run<{ value: string }>(wordsOf, [`{${rids.join(',')}}`, `{${keys.join(',')}}`]);
  return rows.map(({ value }) => value);
};
