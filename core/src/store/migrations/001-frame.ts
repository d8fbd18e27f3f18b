/** The first tables: tenants, accounts, keys, resources; and the policy that binds each resource to its tenant. */
import type { Migration } from '../migration.ts';

export const frame: Migration = {
  id: '001-frame',
  up: ({ serving }) => [
    'create extension if not exists btree_gin with schema public',
    'create extension if not exists pg_trgm with schema public',
    'create extension if not exists unaccent with schema public',

    `create table tenant (
       id serial primary key,
       name text not null unique)`,

    `create table account (
       id uuid primary key,
       tenant int4 not null constraint account_tenant_fkey references tenant,
       username text not null unique,
       password text not null,
       roles text[] not null,
       fhir_user text,
       disabled boolean not null default false,
       demo boolean not null default false)`,

    `create table client (
       id text primary key,
       tenant int4 constraint client_tenant_fkey references tenant,
       secret text,
       grants text[] not null,
       roles text[] not null,
       demo boolean not null default false)`,

    `create table key (
       id text primary key,
       purpose text not null,
       created timestamptz not null default now(),
       sealed bytea not null,
       master text not null)`,

    `create table node_probe (
       node text primary key,
       filler bytea not null)`,
    // Stored apart and as it is, so that the probe needs the room that it asks for.
    'alter table node_probe alter column filler set storage external',

    // A type is the place of its name among R4's; the rest of a resource stands in `tail` as it was sent.
    `create table resource (
       tenant int4 not null,
       type int2 not null,
       id text collate "C" not null,
       version int4 not null,
       updated timestamptz not null,
       deleted boolean not null default false,
       tail text not null,
       primary key (tenant, type, id))`,
    'alter table resource enable row level security',
    // Never set or emptied, the setting is an error, not an open door.
    `create policy own_tenant on resource
       using (tenant = current_setting('heddle.tenant')::int4)
       with check (tenant = current_setting('heddle.tenant')::int4)`,

    `grant usage on schema heddle to ${serving}`,
    `grant usage on sequence tenant_id_seq to ${serving}`,
    `grant select, insert, update on tenant, account, client to ${serving}`,
    `grant select, insert, update, delete on key, node_probe, resource to ${serving}`,
    `grant select on migration to ${serving}`,
  ],
};
