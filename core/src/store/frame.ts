/** The kernel's tables as TypeORM sees them, and the owner's DataSource over them; hot paths never come here. */
import { DataSource, EntitySchema, type DataSourceOptions } from 'typeorm';
import type { Address } from './address.ts';
import { contentTable, pieceTable, uploadTable } from './content-tables.ts';
import { deferredEntryTable, deferredTable, workerTable } from './job-tables.ts';
import {
  accountTable,
  browserSessionTable,
  clientTable,
  pendingTable,
  signedOutTable,
  signInFailureTable,
  signInTable,
} from './sign-in-tables.ts';

export interface MigrationRow {
  readonly plugin: string;
  readonly id: string;
  readonly digest: string;
  readonly breaking: boolean;
  readonly finished: Date;
}

export interface TenantRow {
  readonly id: number;
  readonly name: string;
}

export interface KeyRow {
  readonly id: string;
  readonly purpose: string;
  readonly created: Date;
  readonly sealed: Buffer;
  readonly master: string;
}

export interface ProbeRow {
  readonly node: string;
  readonly filler: Buffer;
}

export interface ResourceRow {
  readonly tenant: number;
  readonly type: number;
  readonly id: string;
  readonly version: number;
  readonly updated: Date;
  readonly deleted: boolean;
  readonly tail: string;
  readonly rid: number;
  readonly method: number;
  readonly at: number;
}

export interface HistoryRow {
  readonly tenant: number;
  readonly rid: number;
  readonly version: number;
  readonly updated: Date;
  readonly method: number;
  readonly deleted: boolean;
  readonly tail: string;
}

export interface ChangeRow {
  readonly tenant: number;
  readonly type: number;
  readonly updated: Date;
  readonly rid: number;
  readonly version: number;
  readonly xid: number;
}

export interface WordRow {
  readonly tenant: number;
  readonly param: number;
  readonly value: string;
  readonly at: number;
  readonly rid: number;
}

export interface SpanRow {
  readonly tenant: number;
  readonly param: number;
  readonly long: boolean;
  readonly low: number;
  readonly high: number;
  readonly rid: number;
}

const schema = 'heddle';

export const migrationTable = new EntitySchema<MigrationRow>({
  name: 'migration',
  schema,
  columns: {
    plugin: { type: 'text', primary: true, primaryKeyConstraintName: 'migration_pkey' },
    id: { type: 'text', primary: true, primaryKeyConstraintName: 'migration_pkey' },
    digest: { type: 'text' },
    breaking: { type: 'boolean' },
    finished: { type: 'timestamptz', default: () => 'now()' },
  },
});

export const tenantTable = new EntitySchema<TenantRow>({
  name: 'tenant',
  schema,
  columns: {
    id: { type: 'int4', primary: true, generated: 'increment', primaryKeyConstraintName: 'tenant_pkey' },
    name: { type: 'text' },
  },
  uniques: [{ name: 'tenant_name_key', columns: ['name'] }],
});

export const keyTable = new EntitySchema<KeyRow>({
  name: 'key',
  schema,
  columns: {
    id: { type: 'text', primary: true, primaryKeyConstraintName: 'key_pkey' },
    purpose: { type: 'text' },
    created: { type: 'timestamptz', default: () => 'now()' },
    sealed: { type: 'bytea' },
    master: { type: 'text' },
  },
});

export const probeTable = new EntitySchema<ProbeRow>({
  name: 'node_probe',
  schema,
  columns: {
    node: { type: 'text', primary: true, primaryKeyConstraintName: 'node_probe_pkey' },
    filler: { type: 'bytea' },
  },
});

export const resourceTable = new EntitySchema<ResourceRow>({
  name: 'resource',
  schema,
  columns: {
    tenant: { type: 'int4', primary: true, primaryKeyConstraintName: 'resource_pkey' },
    type: { type: 'int2', primary: true, primaryKeyConstraintName: 'resource_pkey' },
    id: { type: 'text', collation: 'C', primary: true, primaryKeyConstraintName: 'resource_pkey' },
    version: { type: 'int4' },
    updated: { type: 'timestamptz' },
    deleted: { type: 'boolean', default: false },
    tail: { type: 'text' },
    rid: { type: 'int8' },
    method: { type: 'int2', default: 1 },
    at: { type: 'int8', default: 0 },
  },
  indices: [{ name: 'resource_rid', columns: ['tenant', 'rid'], unique: true }],
});

const keyOf = (table: string) => ({ primary: true, primaryKeyConstraintName: `${table}_pkey` }) as const;

export const historyTable = new EntitySchema<HistoryRow>({
  name: 'history',
  schema,
  columns: {
    tenant: { type: 'int4', ...keyOf('history') },
    rid: { type: 'int8', ...keyOf('history') },
    version: { type: 'int4', ...keyOf('history') },
    updated: { type: 'timestamptz' },
    method: { type: 'int2' },
    deleted: { type: 'boolean' },
    tail: { type: 'text' },
  },
});

export const changeTable = new EntitySchema<ChangeRow>({
  name: 'change',
  schema,
  columns: {
    tenant: { type: 'int4', ...keyOf('change') },
    type: { type: 'int2', ...keyOf('change') },
    updated: { type: 'timestamptz', ...keyOf('change') },
    rid: { type: 'int8', ...keyOf('change') },
    version: { type: 'int4', ...keyOf('change') },
    xid: { type: 'int8' },
  },
  // TypeORM knows no BRIN: the migration made the index, and this line keeps the two from disagreeing.
  indices: [{ name: 'change_xid', columns: ['xid'], synchronize: false }],
});

export const wordTable = new EntitySchema<WordRow>({
  name: 'word',
  schema,
  columns: {
    tenant: { type: 'int4', ...keyOf('word') },
    param: { type: 'int4', ...keyOf('word') },
    value: { type: 'text', collation: 'C', ...keyOf('word') },
    at: { type: 'int8', ...keyOf('word') },
    rid: { type: 'int8', ...keyOf('word') },
  },
  indices: [{ name: 'word_of', columns: ['tenant', 'rid', 'param'] }],
});

export const spanTable = new EntitySchema<SpanRow>({
  name: 'span',
  schema,
  columns: {
    tenant: { type: 'int4', ...keyOf('span') },
    param: { type: 'int4', ...keyOf('span') },
    long: { type: 'boolean' },
    low: { type: 'int8', ...keyOf('span') },
    high: { type: 'int8', ...keyOf('span') },
    rid: { type: 'int8', ...keyOf('span') },
  },
  indices: [{ name: 'span_range', columns: ['tenant', 'param', 'long', 'low', 'high', 'rid'] }],
});

export const tables = [
  ...[migrationTable, tenantTable, accountTable, clientTable, keyTable, probeTable],
  ...[resourceTable, historyTable, changeTable, wordTable, spanTable],
  ...[signInTable, signedOutTable, signInFailureTable, browserSessionTable, pendingTable],
  ...[uploadTable, contentTable, pieceTable, workerTable, deferredTable, deferredEntryTable],
];

/** Opened by whoever migrates, and closed again: no request ever holds the owner's rights. */
export const openFrame = async (owner: Address): Promise<DataSource> => {
  const { user, ...rest } = owner;
  const address = { ...rest, username: user };
  // TypeORM's options leave out keys that are undefined rather than take them as such.
  const options = {
    type: 'postgres',
    ...address,
    schema,
    entities: tables,
    synchronize: false,
    logging: false,
  } as DataSourceOptions;
  return new DataSource(options).initialize();
};
