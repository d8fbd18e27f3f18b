/** Changes a tenant's own search parameters in the transaction that writes the resource which describes them: from its commit on nobody writes by the ones of before. */
import type { SearchParameter } from '../fhir/search-parameter.ts';
import { resourceTypes, typeCode } from '../fhir/resource-types.ts';
import { conflict, tooMany, unprocessable } from '../outcome/outcome.ts';
import type { OwnState } from './index/own-parameters.ts';
import { heldIdKey, holdingKey } from './index/held.ts';
import { besideKey, canonicalKey, linkKey } from './index/parameter-key.ts';
import { isOf, placesOf, type ParameterTable } from './index/parameter-table.ts';
import { reads, writes, type Run } from './statement.ts';

/** Each is one more thing to look for in every resource of its types. */
const mostOwn = 100;

/** Whoever else changes them waits here for the end of this transaction. */
const next = writes(
  'own.next',
  `insert into search_generation as g (tenant, generation) values ($1, 1)
   on conflict (tenant) do update set generation = g.generation + 1 where g.tenant = $1
   returning generation`,
);

const all = reads('own.all', `select p.slot, p.id, p.definition, p.state from search_parameter p where p.tenant = $1`);

const leave = writes(
  'own.leave',
  `update search_parameter p set state = 'leaving', since = now()
    where p.tenant = $1 and p.id = $2 and p.state in ('indexing', 'ready')`,
);

const leaveOfDeleted = writes(
  'own.leave-deleted',
  `update search_parameter p set state = 'leaving', since = now()
    where p.tenant = $1 and p.state in ('indexing', 'ready')
      and not exists (select 1 from resource r where r.tenant = $1 and r.type = $2::int2 and r.id = p.id and not r.deleted)
   returning p.slot`,
);

const add = writes(
  'own.add',
  `insert into search_parameter (tenant, slot, id, definition, state, pass) values ($1, $2, $3, $4, 'indexing', $5)`,
);

interface Row {
  readonly slot: string;
  readonly id: string;
  readonly definition: string;
  readonly state: OwnState | 'gone';
}

/** By the change of a generation everybody learns of what was changed beside it. */
export const nextGeneration = async (run: Run): Promise<number> => {
  const [row] = await run<{ generation: number }>(next, []);
  if (!row) throw new RangeError('a generation was not counted');
  return row.generation;
};

/** The types whose resources it may find. */
export const typesOf = (parameter: SearchParameter): string[] => resourceTypes.filter((type) => isOf(type, parameter));

/** Under which its entries are kept. */
export const keysOf = (parameter: SearchParameter): number[] =>
  typesOf(parameter).flatMap((type) => {
    const { key, beside } = placesOf(type, parameter);
    return [key, beside, besideKey(key)];
  });

const checkAlone = (parameter: SearchParameter, others: readonly SearchParameter[], base: ParameterTable): void => {
  const { code, url } = parameter;
  // Whoever names a parameter by its address means one.
  if (url !== '' && others.some((other) => other.url === url))
    throw unprocessable(
      'SearchParameter.url',
      `another SearchParameter that is in use has the url ${url.slice(0, 400)}`,
    );
  for (const type of typesOf(parameter)) {
    if (base(type).all.has(code)) throw conflict(`${type} has a search parameter ${code} already, and it is not yours`);
    if (others.some((other) => other.code === code && isOf(type, other)))
      throw conflict(`${type} has a search parameter ${code} already, which another SearchParameter describes`);
  }
};

const keysIn = (type: string, base: ParameterTable): number[] => [
  ...[linkKey(type), canonicalKey(type), holdingKey(type), heldIdKey(type)],
  ...[...base(type).lookup.values()].flatMap(({ keys, besides, composite }) => [
    ...[...keys, ...besides, ...keys.map(besideKey)],
    ...(composite?.elements.flat().map(({ key }) => key) ?? []),
  ]),
];

/** No two share a key of the index: names are tried until one has keys of its own. */
const freeSlot = (
  parameter: SearchParameter,
  name: string,
  known: readonly SearchParameter[],
  base: ParameterTable,
): string => {
  const taken = new Set([...known.flatMap(keysOf), ...typesOf(parameter).flatMap((type) => keysIn(type, base))]);
  for (let salt = 0; ; salt++) {
    const slot = salt === 0 ? name : `${name}#${salt}`;
    if (!keysOf({ ...parameter, slot }).some((key) => taken.has(key))) return slot;
  }
};

export interface OwnChange {
  /** Of the resource that describes it. */
  readonly id: string;
  /** Undefined where the resource is deleted, or not in use. */
  readonly parameter: SearchParameter | undefined;
}

/** Whether any has left with the resource that described it. */
export const leaveDeleted = async (run: Run): Promise<boolean> => {
  await nextGeneration(run);
  return (await run(leaveOfDeleted, [typeCode('SearchParameter')])).length > 0;
};

/** Whether anything has to be done about the resources that are there. */
export const changeOwn = async (run: Run, { id, parameter }: OwnChange, base: ParameterTable): Promise<boolean> => {
  const pass = await nextGeneration(run);
  const rows = await run<Row>(all, []);
  const living = rows.filter(({ state }) => state === 'indexing' || state === 'ready');
  const mine = living.find((row) => row.id === id);
  const definition = parameter && JSON.stringify(parameter);
  if (mine?.definition === definition) return false;
  await run(leave, [id]);
  if (!parameter || definition === undefined) return true;
  const read = (some: readonly Row[]): SearchParameter[] =>
    some.map((row) => ({ ...(JSON.parse(row.definition) as SearchParameter), slot: row.slot }));
  const others = living.filter((row) => row.id !== id);
  if (others.length >= mostOwn) throw tooMany(`a tenant has at most ${mostOwn} search parameters of its own`);
  checkAlone(parameter, read(others), base);
  await run(add, [freeSlot(parameter, `${id}#${pass}`, read(rows), base), id, definition, pass]);
  return true;
};
