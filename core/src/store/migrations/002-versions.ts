/** Versions, changes and search words: what a resource was, in which order things changed, and by what it is found. */
import type { Migration } from '../migration.ts';

const ownTenant = (table: string): readonly string[] => [
  `alter table ${table} enable row level security`,
  `create policy own_tenant on ${table}
     using (tenant = current_setting('heddle.tenant')::int4)
     with check (tenant = current_setting('heddle.tenant')::int4)`,
];

/**
 * A table without statistics lets the planner take one tenant for a two-hundredth of it, whatever is in it; statements
 * that are planned then, and kept, would read a whole tenant for one row. A few rows are shown to ANALYZE and taken away
 * again: what it has seen stays until there is more to see.
 */
const shown = (table: string, columns: string, values: string): string => `
  do $$ begin
    if not exists (select 1 from ${table}) then
      insert into ${table} (tenant, ${columns}) select 0, ${values} from generate_series(1, 2000) n;
      analyze ${table};
      truncate ${table};
    else
      analyze ${table};
    end if;
  end $$`;

export const versions: Migration = {
  id: '002-versions',
  // A release that knows only 001 would insert resources without a row id.
  breaking: true,
  up: ({ serving }) => [
    // Each process takes a block of numbers at a time, so that a write knows its row ids before it is sent.
    'create sequence rid_block increment by 1024',

    // rid: the type in the bits above 44, a number below. One range of it is one type, in the order of creation.
    `alter table resource
       add column rid int8,
       add column method int2 not null default 1,
       add column at int8 not null default 0`,
    `update resource set rid = (type::int8 << 44) + nextval('rid_block')`,
    `alter table resource alter column rid set not null`,
    `create unique index resource_rid on resource (tenant, rid)`,
    // Room for the next version on the same page: no index has to learn of an update.
    'alter table resource set (fillfactor = 80)',

    `create table history (
       tenant int4 not null,
       rid int8 not null,
       version int4 not null,
       updated timestamptz not null,
       method int2 not null,
       deleted boolean not null,
       tail text not null,
       primary key (tenant, rid, version))`,
    ...ownTenant('history'),

    // One row a version. xid is the transaction that wrote it: whoever follows the changes asks for what has become visible.
    `create table change (
       tenant int4 not null,
       type int2 not null,
       updated timestamptz not null,
       rid int8 not null,
       version int4 not null,
       xid int8 not null,
       primary key (tenant, type, updated, rid, version))`,
    'create index change_xid on change using brin (xid) with (pages_per_range = 16, autosummarize = on)',
    ...ownTenant('change'),
    `insert into change (tenant, type, updated, rid, version, xid)
       select tenant, type, updated, rid, version, pg_current_xact_id()::text::int8 from resource`,

    // What can be found by an equal or a leading value; at is the resource's own date where the parameter is read in that order.
    `create table word (
       tenant int4 not null,
       param int4 not null,
       value text collate "C" not null,
       at int8 not null,
       rid int8 not null,
       primary key (tenant, param, value, at, rid))`,
    ...ownTenant('word'),

    // Dates are ranges of milliseconds. Long ones stand apart, so that the short ones are bound from both sides.
    `create table span (
       tenant int4 not null,
       param int4 not null,
       long boolean not null,
       low int8 not null,
       high int8 not null,
       rid int8 not null,
       primary key (tenant, rid, param, low, high))`,
    'create index span_range on span (tenant, param, long, low, high, rid)',
    ...ownTenant('span'),

    shown(
      'resource',
      'type, id, rid, version, updated, tail',
      `n % 40, md5(n::text), (n % 40)::int8 << 44 | n, 1 + n % 3, now() - n * interval '1 hour', repeat('x', 500)`,
    ),
    shown(
      'history',
      'rid, version, updated, method, deleted, tail',
      `(n % 40)::int8 << 44 | n / 2, n % 2, now() - n * interval '1 hour', 2, false, repeat('x', 500)`,
    ),
    shown(
      'change',
      'type, updated, rid, version, xid',
      `n % 40, now() - n * interval '1 hour', (n % 40)::int8 << 44 | n, 1, n`,
    ),
    shown('word', 'param, value, at, rid', `n % 200, md5((n / 2)::text), n, (n % 40)::int8 << 44 | n / 8`),
    shown('span', 'param, long, low, high, rid', `n % 50, n % 10 = 0, n, n, (n % 40)::int8 << 44 | n`),

    `grant usage on sequence rid_block to ${serving}`,
    `grant select, insert, update, delete on history, change, word, span to ${serving}`,
  ],
};
