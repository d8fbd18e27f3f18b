/** Reads resources by their key: the current version, an older one, or the rows that a write begins with. */
import { typeCode } from '../fhir/resource-types.ts';
import type { Stored } from '../fhir/interaction.ts';
import type { Lane } from './lane.ts';
import { reads, type Run } from './statement.ts';

/** The current version with what a write needs of it. */
export interface Current extends Stored {
  readonly rid: number;
  readonly at: number;
}

const head = `version, (extract(epoch from updated) * 1000)::int8 as updated, deleted, tail`;

const byId = reads('resource.by-id', `select ${head} from resource where tenant = $1 and type = $2 and id = $3`);

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

export const findResource = async (
  lane: Lane,
  tenant: number,
  type: string,
  id: string,
): Promise<Stored | undefined> => {
  const [row] = await lane.run<Head>(tenant, byId, [typeCode(type), id]);
  return row && { type, id, ...row };
};

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
