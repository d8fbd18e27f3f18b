/** An installation to back up and one to restore into: a database filled by many at once, and what is compared of two databases. */
import { randomBytes } from 'node:crypto';
import { bodyOf, parseBody } from '../../core/src/fhir/body.ts';
import type { Interaction } from '../../core/src/fhir/interaction.ts';
import type { Address } from '../../core/src/store/address.ts';
import type { TestServer } from '../../core/src/testing/server.ts';
import { sql } from '../../core/test/store/rig.ts';
import { patientBundle } from '../bench/data.ts';
import { runHeddle } from './running.ts';

/** Numbers whose digits JavaScript would change. */
export const digits =
  '{"resourceType":"Observation","status":"final","code":{"text":"digits"},"valueQuantity":{"value":1.000},' +
  '"referenceRange":[{"low":{"value":0.00000000000000000001},"high":{"value":12345678901234567890.10}}]}';

export interface Load {
  readonly done: () => number;
  readonly stop: () => Promise<void>;
}

/** Creates, changes, deletes, whole records in transactions, all at once, until it is told to stop. */
export const load = async ({ caller, perform }: TestServer, writers = 4): Promise<Load> => {
  const admin = await caller('admin');
  const ask = (interaction: Omit<Interaction, 'caller'>) => perform({ ...interaction, caller: admin });
  const work = { goesOn: true };
  let done = 0;
  const write = async (writer: number): Promise<void> => {
    for (let turn = 0; work.goesOn; turn++) {
      const id = `p-${writer}-${turn % 20}`;
      const patient = { resourceType: 'Patient', id, name: [{ family: `n${turn}` }], birthDate: '2000-01-01' };
      await ask({ verb: 'update', type: 'Patient', id, body: bodyOf(patient) });
      if (turn % 7 === 6) await ask({ verb: 'delete', type: 'Patient', id });
      if (turn % 10 === 0)
        await ask({ verb: 'transaction', body: parseBody(patientBundle(writer * 1_000 + turn).text) });
      await ask({ verb: 'create', type: 'Observation', body: parseBody(digits) });
      done++;
    }
  };
  const working = Array.from({ length: writers }, (_, writer) => write(writer));
  return {
    done: () => done,
    stop: async () => {
      work.goesOn = false;
      await Promise.all(working);
    },
  };
};

/** Text that does not get smaller, so that a file becomes as large. */
export const fill = async ({ caller, perform }: TestServer, megabytes: number): Promise<void> => {
  const admin = await caller('admin');
  for (let n = 0; n < megabytes; n++)
    await Promise.all(
      Array.from({ length: 10 }, () =>
        perform({
          ...{ verb: 'create', type: 'Basic', caller: admin },
          body: bodyOf({ resourceType: 'Basic', code: { text: randomBytes(75_000).toString('base64') } }),
        }),
      ),
    );
};

/** Every version of every resource, byte for byte. */
export const versions = async (database: Address): Promise<string[]> => {
  const rows = await sql(
    database,
    `select v::text as version from (
       select tenant, rid, version, updated, method, deleted, tail from heddle.resource
       union all select tenant, rid, version, updated, method, deleted, tail from heddle.history) v order by 1`,
  );
  return rows.map(({ version }) => String(version));
};

const parts: Readonly<Record<string, string>> = {
  ...{ resource: 't', history: 't', word: 't', span: 't', account: 't', client: 't', tenant: 't' },
  key: `(id, purpose, created, sealed, master) where purpose <> 'database'`,
  change: '(tenant, type, updated, rid, version)',
};

/** A digest of each table, of what a backup carries over. */
export const contents = async (database: Address): Promise<Record<string, unknown>> => {
  const found: Record<string, unknown> = {};
  for (const [table, row] of Object.entries(parts)) {
    const [value = '', where = ''] = row.split(/ (?=where)/);
    [found[table]] = await sql(
      database,
      `select count(*)::int as rows, md5(coalesce(string_agg((${value})::text, chr(10) order by (${value})::text collate "C"), '')) as digest
         from heddle.${table} t ${where}`,
    );
  }
  return found;
};

/** What may not be in a database that is one moment of a store. */
export const halves = async (database: Address): Promise<unknown> =>
  (
    await sql(
      database,
      'set search_path = heddle',
      `select
         (select count(*)::int from resource r where not exists (
            select 1 from change c where c.tenant = r.tenant and c.type = r.type and c.rid = r.rid and c.version = r.version)) as unlogged,
         (select count(*)::int from change c where not exists (
            select 1 from resource r where r.tenant = c.tenant and r.rid = c.rid and r.version >= c.version)) as ahead,
         (select count(*)::int from resource r where r.version > 1 and (
            select count(*) from history h where h.tenant = r.tenant and h.rid = r.rid) <> r.version - 1) as gaps,
         (select count(*)::int from word w where not exists (
            select 1 from resource r where r.tenant = w.tenant and r.rid = w.rid and not r.deleted)) as orphans,
         (select count(*)::int from resource r where r.type <> (r.rid >> 44)) as strangers`,
    )
  )[0];

export const whole = { unlogged: 0, ahead: 0, gaps: 0, orphans: 0, strangers: 0 };

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** A command of `npx heddle` on a database, from beginning to end. */
export const heddle = async (
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> => {
  const running = runHeddle({ args, environment });
  const { code } = await running.exit;
  return { code, output: running.output() };
};
