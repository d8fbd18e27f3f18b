/** What the job queue leaves to us: which workers live, and the requests that are answered later. The queue's own tables are its package's. */
import type { Migration } from '../migration.ts';

export const jobs: Migration = {
  id: '004-jobs',
  up: ({ serving }) => [
    // A worker that is not seen for some seconds is dead, and its jobs are free.
    `create table worker (
       pool text primary key,
       node text not null,
       seen timestamptz not null default now())`,

    // A request that somebody asked to be answered later. asked and answer are numbers of pieces: both may speak of patients.
    `create table deferred (
       tenant int4 not null,
       id text collate "C" not null,
       subject text not null,
       state text not null default 'waiting',
       progress text,
       begun timestamptz not null default now(),
       expires timestamptz not null,
       asked int8 not null,
       asked_size int8 not null,
       status int4,
       answer int8,
       answer_size int8,
       primary key (tenant, id))`,
    'alter table deferred enable row level security',
    `create policy own_tenant on deferred
       using (tenant = current_setting('heddle.tenant')::int4)
       with check (tenant = current_setting('heddle.tenant')::int4)`,
    // What came of each entry of a batch, in the transaction that did it: done again, it is not done twice.
    `create table deferred_entry (
       tenant int4 not null,
       id text collate "C" not null,
       place int4 not null,
       answer text not null,
       primary key (tenant, id, place))`,
    'alter table deferred_entry enable row level security',
    `create policy own_tenant on deferred_entry
       using (tenant = current_setting('heddle.tenant')::int4)
       with check (tenant = current_setting('heddle.tenant')::int4)`,
    `create function pieces_of_deferred_gone() returns trigger language plpgsql as $$
     begin
       delete from piece p where p.tenant = old.tenant and p.number in (old.asked, old.answer);
       delete from deferred_entry e where e.tenant = old.tenant and e.id = old.id;
       return null;
     end $$`,
    `create trigger pieces_gone after delete on deferred for each row execute function pieces_of_deferred_gone()`,

    `grant select, insert, update, delete on worker, deferred, deferred_entry to ${serving}`,
  ],
};
