/** The tables beside the job queue as TypeORM sees them. */
import { EntitySchema } from 'typeorm';

export interface WorkerRow {
  readonly pool: string;
  readonly node: string;
  readonly seen: Date;
}

export interface DeferredRow {
  readonly tenant: number;
  readonly id: string;
  readonly subject: string;
  readonly state: string;
  readonly progress: string | null;
  readonly begun: Date;
  readonly expires: Date;
  readonly asked: number;
  readonly askedSize: number;
  readonly status: number | null;
  readonly answer: number | null;
  readonly answerSize: number | null;
}

export interface DeferredEntryRow {
  readonly tenant: number;
  readonly id: string;
  readonly place: number;
  readonly answer: string;
}

const schema = 'heddle';
const keyOf = (table: string) => ({ primary: true, primaryKeyConstraintName: `${table}_pkey` }) as const;

export const workerTable = new EntitySchema<WorkerRow>({
  name: 'worker',
  schema,
  columns: {
    pool: { type: 'text', ...keyOf('worker') },
    node: { type: 'text' },
    seen: { type: 'timestamptz', default: () => 'now()' },
  },
});

export const deferredTable = new EntitySchema<DeferredRow>({
  name: 'deferred',
  schema,
  columns: {
    tenant: { type: 'int4', ...keyOf('deferred') },
    id: { type: 'text', collation: 'C', ...keyOf('deferred') },
    subject: { type: 'text' },
    state: { type: 'text', default: 'waiting' },
    progress: { type: 'text', nullable: true },
    begun: { type: 'timestamptz', default: () => 'now()' },
    expires: { type: 'timestamptz' },
    asked: { type: 'int8' },
    askedSize: { name: 'asked_size', type: 'int8' },
    status: { type: 'int4', nullable: true },
    answer: { type: 'int8', nullable: true },
    answerSize: { name: 'answer_size', type: 'int8', nullable: true },
  },
});

export const deferredEntryTable = new EntitySchema<DeferredEntryRow>({
  name: 'deferred_entry',
  schema,
  columns: {
    tenant: { type: 'int4', ...keyOf('deferred_entry') },
    id: { type: 'text', collation: 'C', ...keyOf('deferred_entry') },
    place: { type: 'int4', ...keyOf('deferred_entry') },
    answer: { type: 'text' },
  },
});
