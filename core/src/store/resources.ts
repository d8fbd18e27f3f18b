/** Keeps resources: one row a current version, its content as text; knows nothing of callers or of HTTP. */
import { typeCode } from '../fhir/resource-types.ts';
import type { Stored } from '../fhir/interaction.ts';
import type { Database } from './database.ts';
import { reads, writes } from './statement.ts';

const insert = writes(
  'resource.insert',
  `insert into resource (tenant, type, id, version, updated, tail)
   values ($1, $2, $3, 1, date_trunc('milliseconds', clock_timestamp()), $4)
   returning (extract(epoch from updated) * 1000)::int8 as updated`,
);

const byId = reads(
  'resource.by-id',
  `select version, (extract(epoch from updated) * 1000)::int8 as updated, deleted, tail
     from resource where tenant = $1 and type = $2 and id = $3`,
);

export const insertResource = async (
  database: Database,
  tenant: number,
  type: string,
  id: string,
  tail: string,
): Promise<Stored> => {
  const [row] = await database.write.run<{ updated: number }>(tenant, insert, [typeCode(type), id, tail]);
  // INSERT … RETURNING of one row answers one row or an error.
  return { type, id, version: 1, updated: row?.updated ?? 0, deleted: false, tail };
};

export const findResource = async (
  database: Database,
  tenant: number,
  type: string,
  id: string,
): Promise<Stored | undefined> => {
  const [row] = await database.read.run<Pick<Stored, 'version' | 'updated' | 'deleted' | 'tail'>>(tenant, byId, [
    typeCode(type),
    id,
  ]);
  return row && { type, id, ...row };
};
