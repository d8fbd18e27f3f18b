/** Says which tables and sequences an installation has, by the database's own catalogue; reads no row of them. */
import type pg from 'pg';
import { schemaOf, type LedgerRow } from '../migrator.ts';
import type { BackupSequence, BackupTable } from './records.ts';

/** Undefined where no Heddle was ever installed. */
export const ledgerOf = async (client: pg.Client): Promise<LedgerRow[] | undefined> => {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('heddle.migration') is not null as there`,
  );
  if (!rows[0]?.there) return undefined;
  return (
    await client.query<LedgerRow>(
      'select plugin, id, digest, breaking from heddle.migration order by finished, plugin, id',
    )
  ).rows;
};

export const schemasOf = (ledger: readonly LedgerRow[]): string[] => [
  ...new Set(['heddle', ...ledger.map(({ plugin }) => schemaOf(plugin))]),
];

/** Their content is made anew wherever a Heddle runs: the ledger by migrating, the probes by the nodes. */
export const madeAnew = new Set(['heddle.migration', 'heddle.node_probe']);

export const placeOf = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${schema}.${name}`;

interface Link {
  readonly from: string;
  readonly to: string;
}

/** What is referred to first; tables that refer to each other in a circle stay as they are. */
const inOrder = (tables: readonly BackupTable[], links: readonly Link[]): BackupTable[] => {
  const done = new Set<string>();
  const ordered: BackupTable[] = [];
  for (let left = [...tables]; left.length > 0;) {
    const places = new Set(left.map(placeOf));
    const free = left.filter((table) =>
      links.every(({ from, to }) => from !== placeOf(table) || to === from || done.has(to) || !places.has(to)),
    );
    const now = free.length > 0 ? free : left;
    ordered.push(...now);
    for (const table of now) done.add(placeOf(table));
    left = left.filter((table) => !done.has(placeOf(table)));
  }
  return ordered;
};

export const tablesOf = async (client: pg.Client, schemas: readonly string[]): Promise<BackupTable[]> => {
  const { rows } = await client.query<BackupTable>(
    `select n.nspname as schema, c.relname as name,
            coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attname)
                       filter (where a.attname is not null), '[]') as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      where n.nspname = any($1) and c.relkind = 'r'
      group by 1, 2 order by 1, 2`,
    [schemas],
  );
  const { rows: links } = await client.query<Link>(
    `select n.nspname || '.' || c.relname as from, m.nspname || '.' || d.relname as to
       from pg_constraint k
       join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
       join pg_class d on d.oid = k.confrelid join pg_namespace m on m.oid = d.relnamespace
      where k.contype = 'f' and n.nspname = any($1)`,
    [schemas],
  );
  return inOrder(
    rows.filter((table) => !madeAnew.has(placeOf(table))),
    links,
  );
};

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const quotedPlace = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${quoted(schema)}.${quoted(name)}`;

export const quotedColumns = ({ columns }: BackupTable): string => columns.map(({ name }) => quoted(name)).join(', ');

/** A number that was handed out is never behind what is read here, whenever that was: sequences know no transactions. */
export const sequencesOf = async (client: pg.Client, schemas: readonly string[]): Promise<BackupSequence[]> => {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any($1) and c.relkind = 'S' order by 1, 2`,
    [schemas],
  );
  const found: BackupSequence[] = [];
  for (const row of rows) {
    const { rows: state } = await client.query<{ last: string; called: boolean }>(
      `select last_value::text as last, is_called as called from ${quotedPlace(row)}`,
    );
    if (state[0]) found.push({ ...row, ...state[0] });
  }
  return found;
};
