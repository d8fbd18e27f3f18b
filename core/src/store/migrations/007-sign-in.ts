/** What signing in leaves behind: sessions, grants and codes of the embedded provider, second factors, failures, sessions of browsers, and who was signed out. */
import type { Migration } from '../migration.ts';

export const signIn: Migration = {
  id: '007-sign-in',
  up: ({ serving }) => [
    `alter table account
       add column email text,
       add column email_verified boolean not null default false,
       add column first_name text,
       add column last_name text,
       add column factor_key text,
       add column totp bytea,
       add column totp_step int8 not null default 0,
       add column recovery text[] not null default '{}',
       add column recovery_used int4 not null default 0`,

    // scopes: those that the client may ask for; none for whatever there is. consent: the person is asked before it gets anything.
    `alter table client
       add column name text,
       add column redirects text[] not null default '{}',
       add column post_logouts text[] not null default '{}',
       add column logout_url text,
       add column jwks text,
       add column jwks_url text,
       add column scopes text[],
       add column consent boolean not null default false`,

    `update client set grants = '{password,authorization_code,refresh_token}', redirects = '{http://127.0.0.1/callback}'
      where id = 'heddle-cli'`,

    // Sessions, grants, codes, refresh tokens and unfinished sign-ins. id is the hash of what its bearer holds.
    `create table sign_in (
       model text not null,
       id text collate "C" not null,
       payload text not null,
       grant_id text,
       uid text,
       account text,
       launch text,
       consumed timestamptz,
       expires timestamptz not null,
       primary key (model, id))`,
    'create index sign_in_grant on sign_in (grant_id)',
    'create index sign_in_uid on sign_in (uid)',
    'create index sign_in_account on sign_in (account)',
    'create index sign_in_expires on sign_in (expires)',

    // Tokens that are good by their signature and hold no more: of one session, of one subject up to a moment, or one by its id.
    `create table signed_out (
       kind text not null check (kind in ('session', 'subject', 'token')),
       key text collate "C" not null,
       at timestamptz not null default now(),
       until timestamptz not null,
       primary key (kind, key))`,
    `create function tell_signed_out() returns trigger language plpgsql as $$
     begin
       perform pg_notify('heddle', 'signed-out');
       return null;
     end $$`,
    `create trigger told after insert or update on signed_out for each statement execute function tell_signed_out()`,

    // Whoever disables an account, by whichever way: its tokens end everywhere.
    `create function account_closed() returns trigger language plpgsql as $$
     begin
       delete from heddle.sign_in where account = new.id::text;
       insert into heddle.signed_out (kind, key, until) values ('subject', new.id::text, now() + interval '1 day')
         on conflict (kind, key) do update set at = excluded.at, until = excluded.until;
       return null;
     end $$`,
    `create trigger closed after update of disabled on account for each row
       when (new.disabled and not old.disabled) execute function account_closed()`,

    // key is a hash: what people type as their name may be a password.
    `create table sign_in_failure (
       key text collate "C" primary key,
       count int4 not null,
       last timestamptz not null,
       until timestamptz not null)`,

    // A browser's session with the portal: its tokens, sealed. id is the hash of its cookie.
    `create table browser_session (
       id text collate "C" primary key,
       sid text,
       subject text,
       factor_key text not null,
       sealed bytea not null,
       started timestamptz not null default now(),
       seen timestamptz not null default now(),
       refreshing timestamptz,
       expires timestamptz not null)`,
    'create index browser_session_sid on browser_session (sid)',
    'create index browser_session_subject on browser_session (subject)',

    // What waits until somebody opens the link in a letter. id is the hash of the link's secret.
    `create table pending (
       id text collate "C" primary key,
       kind text not null,
       factor_key text not null,
       sealed bytea not null,
       expires timestamptz not null)`,

    `grant select, insert, update, delete on sign_in, signed_out, sign_in_failure, browser_session, pending to ${serving}`,
  ],
};
