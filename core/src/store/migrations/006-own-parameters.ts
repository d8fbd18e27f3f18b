/** Search parameters that a tenant makes at run time, and by which generation of them its resources must be indexed. */
import type { Migration } from '../migration.ts';

export const ownParameters: Migration = {
  id: '006-own-parameters',
  up: ({ serving }) => [
    `create table search_generation (
       tenant int4 primary key,
       generation int4 not null)`,
    // `pass`: those that were made together are indexed together. `type` and `behind`: up to where.
    `create table search_parameter (
       tenant int4 not null,
       slot text collate "C" not null,
       id text collate "C" not null,
       definition text not null,
       state text not null check (state in ('indexing', 'ready', 'leaving', 'gone')),
       since timestamptz not null default now(),
       pass int4 not null,
       type text,
       behind int8 not null default 0,
       seen int8 not null default 0,
       total int8,
       primary key (tenant, slot))`,
    ...['search_generation', 'search_parameter'].flatMap((table) => [
      `alter table ${table} enable row level security`,
      `create policy own_tenant on ${table}
         using (tenant = current_setting('heddle.tenant')::int4)
         with check (tenant = current_setting('heddle.tenant')::int4)`,
    ]),
    `grant select, insert, update, delete on search_generation, search_parameter to ${serving}`,
  ],
};
