/** The bytes of Binaries: in pieces apart from their resources, tied to a version by a row of their own, gone with it. */
import type { Migration } from '../migration.ts';

const ownTenant = (table: string): readonly string[] => [
  `alter table ${table} enable row level security`,
  `create policy own_tenant on ${table}
     using (tenant = current_setting('heddle.tenant')::int4)
     with check (tenant = current_setting('heddle.tenant')::int4)`,
];

/** As in 002: a table without statistics would be read whole by statements that are planned while it is empty. */
const shown = (table: string, columns: string, values: string): readonly string[] => [
  `insert into ${table} (tenant, ${columns}) select 0, ${values} from generate_series(1, 2000) n`,
  `analyze ${table}`,
  `truncate ${table}`,
];

export const bytes: Migration = {
  id: '003-bytes',
  // A release that knows only 002 would store a Binary's data in its row, and answer newer ones without theirs.
  breaking: true,
  up: ({ serving }) => [
    // What is on its way: pieces of a number that stands here belong to no version yet.
    `create table upload (
       tenant int4 not null,
       number bigserial,
       begun timestamptz not null default now(),
       primary key (tenant, number))`,
    ...ownTenant('upload'),

    // The bytes of a version. Versions of one resource may share them; a version without bytes has no row.
    `create table content (
       tenant int4 not null,
       rid int8 not null,
       version int4 not null,
       number int8 not null,
       size int8 not null,
       primary key (tenant, rid, version))`,
    ...ownTenant('content'),

    // at: how many bytes stand before these.
    `create table piece (
       tenant int4 not null,
       number int8 not null,
       at int8 not null,
       bytes bytea not null,
       primary key (tenant, number, at))`,
    // Images and archives are compressed already.
    'alter table piece alter column bytes set storage external',
    ...ownTenant('piece'),

    ...shown('upload', 'number', 'n'),
    ...shown('content', 'rid, version, number, size', 'n / 2, n % 2, n, 1000000'),
    ...shown('piece', 'number, at, bytes', `n / 4, n % 4, '\\\\x00'`),

    // Whoever erases a version erases its bytes, without having to know of them.
    `create function content_of_version_gone() returns trigger language plpgsql as $$
     begin
       delete from content c where c.tenant = old.tenant and c.rid = old.rid and c.version = old.version;
       return null;
     end $$`,
    `create function pieces_of_content_gone() returns trigger language plpgsql as $$
     begin
       if not exists (select 1 from content c where c.tenant = old.tenant and c.rid = old.rid and c.number = old.number) then
         delete from piece p where p.tenant = old.tenant and p.number = old.number;
       end if;
       return null;
     end $$`,
    // 8: the place of Binary among R4's types.
    `create trigger content_gone after delete on resource for each row when (old.type = 8) execute function content_of_version_gone()`,
    `create trigger content_gone after delete on history for each row when (old.rid >> 44 = 8) execute function content_of_version_gone()`,
    `create trigger pieces_gone after delete on content for each row execute function pieces_of_content_gone()`,

    // Data that was stored as base64 becomes bytes: the current versions and the older ones.
    `do $$
     declare one record; made int8;
     begin
       for one in
         select r.tenant, r.rid, r.version, r.tail from resource r where r.type = 8 and not r.deleted and r.tail like '%"data":"%'
         union all
         select h.tenant, h.rid, h.version, h.tail from history h where h.rid >> 44 = 8 and not h.deleted and h.tail like '%"data":"%'
       loop
         insert into upload (tenant) values (one.tenant) returning number into made;
         insert into piece (tenant, number, at, bytes)
           select one.tenant, made, (s.place - 1) * 262144, substr(d.bytes, ((s.place - 1) * 262144 + 1)::int, 262144)
             from (select decode(substring(one.tail from '"data":"([^"]*)"'), 'base64') as bytes) d
             join lateral generate_series(1, (octet_length(d.bytes) + 262143) / 262144) as s (place) on true;
         insert into content (tenant, rid, version, number, size)
           select one.tenant, one.rid, one.version, made, coalesce(sum(octet_length(p.bytes)), 0) from piece p where p.tenant = one.tenant and p.number = made;
         delete from upload u where u.tenant = one.tenant and u.number = made;
         update resource set tail = regexp_replace(regexp_replace(tail, ',"data":"[^"]*"', ''), '"data":"[^"]*",?', '')
           where tenant = one.tenant and rid = one.rid and version = one.version;
         update history set tail = regexp_replace(regexp_replace(tail, ',"data":"[^"]*"', ''), '"data":"[^"]*",?', '')
           where tenant = one.tenant and rid = one.rid and version = one.version;
       end loop;
     end $$`,

    `grant usage on sequence upload_number_seq to ${serving}`,
    `grant select, insert, update, delete on upload, content, piece to ${serving}`,
  ],
};
