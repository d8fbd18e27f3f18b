/** Which types of resources contain one of a type: as many as a tenant has, which is few. */
import { resourceTypes } from '../../fhir/resource-types.ts';
import { holdingKey, linkWord } from '../index/held.ts';
import { ridRange } from '../rid.ts';
import { reads, type Run } from '../statement.ts';

const holders = reads(
  'search.holders',
  `select t.type
     from unnest($2::text[], $3::int8[], $4::int8[]) as t (type, low, high)
    where exists (
      select 1 from word w
       where w.tenant = $1 and w.param = $5::int4 and w.value = $6 and w.at = 0 and w.rid >= t.low and w.rid < t.high offset 0)`,
);

export const holdersOf = async (run: Run, type: string): Promise<string[]> => {
  const ranges = resourceTypes.map(ridRange);
  const rows = await run<{ type: string }>(holders, [
    resourceTypes,
    ranges.map(([low]) => low),
    ranges.map(([, high]) => high),
    ...[holdingKey(type), linkWord(type)],
  ]);
  return rows.map((row) => row.type);
};
