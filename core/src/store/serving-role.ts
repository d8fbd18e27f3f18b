/** Makes the serving role where the owner may, and keeps its password sealed in the database, so that every node finds the same one. */
import type pg from 'pg';
import { misconfigured } from '../outcome/outcome.ts';
import type { Address } from './address.ts';
import { connect } from './link.ts';
import { quoteName, quoteText, verifierOf } from './role-password.ts';
import { masterName, seal, unseal, wrongMaster } from './seal.ts';

export interface Masters {
  readonly master: Uint8Array;
  /** Opens what is not sealed under `master` yet. */
  readonly previous: Uint8Array | undefined;
}

/** The purpose of its row among the keys; the row's id is the role's name. */
const purpose = 'database';

const asOwner = async <T>(owner: Address, connectMs: number, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const { client } = await connect({ address: owner, name: 'installation', connectMs, statementMs: 0 });
  try {
    // Two nodes that start at once must not both decide.
    await client.query(`begin; select pg_advisory_xact_lock(hashtext('heddle serving role'))`);
    const result = await work(client);
    await client.query('commit');
    return result;
  } finally {
    await client.end();
  }
};

interface Kept {
  readonly id: string;
  readonly sealed: Buffer;
  readonly master: string;
}

const keptRow = async (client: pg.Client): Promise<Kept | undefined> => {
  const { rows: tables } = await client.query<{ there: boolean }>(
    `select to_regclass('heddle.key') is not null as there`,
  );
  if (!tables[0]?.there) return undefined;
  return (await client.query<Kept>('select id, sealed, master from heddle.key where purpose = $1', [purpose])).rows[0];
};

/** The role's name; it has no password yet when it is new, and so nobody can use it. */
export const prepareServingRole = (owner: Address, connectMs: number): Promise<string> =>
  asOwner(owner, connectMs, async (client) => {
    const name = (await keptRow(client))?.id ?? `${owner.user}_${owner.database}_serving`.slice(0, 63);
    const { rows } = await client.query<{ there: boolean; may: boolean }>(
      `select exists (select from pg_roles where rolname = $1) as there, rolcreaterole or rolsuper as may
         from pg_roles where rolname = current_user`,
      [name],
    );
    if (rows[0]?.there) return name;
    if (!rows[0]?.may)
      throw misconfigured([
        `role ${owner.user} may not create the serving role: alter role ${quoteName(owner.user)} createrole, or make a role ` +
          `that owns nothing (create role heddle_serving login password '…') and set HEDDLE__DATABASE__SERVING_URL to its address`,
      ]);
    await client.query(`create role ${quoteName(name)} login`);
    return name;
  });

const labelOf = (name: string): string => `${purpose} ${name}`;

const opened = ({ id, sealed, master: by }: Kept, { master, previous }: Masters): string => {
  const key = [master, ...(previous ? [previous] : [])].find((each) => masterName(each) === by);
  if (!key) throw wrongMaster(by, master);
  return unseal(key, labelOf(id), sealed).toString('utf8');
};

const works = async (address: Address, connectMs: number): Promise<boolean> => {
  try {
    const { client } = await connect({ address, name: 'installation', connectMs, statementMs: connectMs });
    await client.end();
    return true;
  } catch (thrown) {
    // 28P01 and 28000: the password is not, or not any longer, the one that is kept.
    if (thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('28')) return false;
    throw thrown;
  }
};

/** After the migrations, which make the table that the password is kept in. */
export const servingAddress = (
  owner: Address,
  name: string,
  masters: Masters,
  random: (bytes: number) => Uint8Array,
  connectMs: number,
): Promise<Address> =>
  asOwner(owner, connectMs, async (client) => {
    const kept = await keptRow(client);
    const password = kept ? opened(kept, masters) : Buffer.from(random(24)).toString('base64url');
    const address = { ...owner, user: name, password };
    if (!kept)
      await client.query('insert into heddle.key (id, purpose, sealed, master) values ($1, $2, $3, $4)', [
        name,
        purpose,
        seal(masters.master, labelOf(name), Buffer.from(password), random),
        masterName(masters.master),
      ]);
    if (!kept || !(await works(address, connectMs)))
      await client.query(`alter role ${quoteName(name)} login password ${quoteText(verifierOf(password, random(16)))}`);
    return address;
  });
