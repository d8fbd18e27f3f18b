/** The tables of Binaries' bytes as TypeORM sees them. */
import { EntitySchema } from 'typeorm';

export interface UploadRow {
  readonly tenant: number;
  readonly number: number;
  readonly begun: Date;
}

export interface ContentRow {
  readonly tenant: number;
  readonly rid: number;
  readonly version: number;
  readonly number: number;
  readonly size: number;
}

export interface PieceRow {
  readonly tenant: number;
  readonly number: number;
  readonly at: number;
  readonly bytes: Buffer;
}

const schema = 'heddle';
const keyOf = (table: string) => ({ primary: true, primaryKeyConstraintName: `${table}_pkey` }) as const;

export const uploadTable = new EntitySchema<UploadRow>({
  name: 'upload',
  schema,
  columns: {
    tenant: { type: 'int4', ...keyOf('upload') },
    number: { type: 'int8', ...keyOf('upload'), generated: 'increment' },
    begun: { type: 'timestamptz', default: () => 'now()' },
  },
});

export const contentTable = new EntitySchema<ContentRow>({
  name: 'content',
  schema,
  columns: {
    tenant: { type: 'int4', ...keyOf('content') },
    rid: { type: 'int8', ...keyOf('content') },
    version: { type: 'int4', ...keyOf('content') },
    number: { type: 'int8' },
    size: { type: 'int8' },
  },
});

export const pieceTable = new EntitySchema<PieceRow>({
  name: 'piece',
  schema,
  columns: {
    tenant: { type: 'int4', ...keyOf('piece') },
    number: { type: 'int8', ...keyOf('piece') },
    at: { type: 'int8', ...keyOf('piece') },
    bytes: { type: 'bytea' },
  },
});
