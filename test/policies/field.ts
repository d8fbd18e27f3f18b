/** The ground on which policies are tried: a server full of random resources, a random policy and caller, and what may be seen of it by hand. */
import { expect } from 'chai';
import type { TestServer } from '@heddle/core/testing';
import { bodyOf, type Resource } from '../../core/src/fhir/body.ts';
import type { Answer, Caller, Interaction } from '../../core/src/fhir/interaction.ts';
import { textOf } from '../../core/src/fhir/stored.ts';
import type { Kernel, Perform } from '../../core/src/interaction/kernel.ts';
import { line } from '../../core/src/interaction/line.ts';
import { verbs } from '../../core/src/interaction/verbs.ts';
import { asOutcome } from '../../core/src/outcome/outcome.ts';
import { openAccess, roleLayer, type Access } from '../../core/src/policy/access.ts';
import { openCriteria } from '../../core/src/policy/criteria.ts';
import { buildRoleTable } from '../../core/src/policy/role-table.ts';
import type { Seeded } from '../../core/test/seeded.ts';
import { at, listAt, textAt, type Json } from '../conformance/asked.ts';
import type { Asked, NaiveWorld } from '../conformance/naive-search.ts';
import { openMakers } from '../conformance/random-records.ts';
import { openCases } from '../conformance/search-cases.ts';
import { ids } from '../conformance/search-pools.ts';
import { openJudge, openPolicies, somePatient, type Judge, type Policy } from './worlds.ts';

/** What came of an interaction: an answer's text, or the refusal that was told. */
export interface Came {
  readonly status: number;
  readonly body: Json;
  readonly text: string;
}

const came = (answer: Answer): Came => {
  if ('plain' in answer)
    return { status: answer.status, body: JSON.parse(answer.plain.text) as Json, text: answer.plain.text };
  if ('text' in answer) return { status: 200, body: JSON.parse(answer.text) as Json, text: answer.text };
  if ('made' in answer) return { status: answer.status, body: { ...answer.made }, text: JSON.stringify(answer.made) };
  const stored = 'stored' in answer ? answer.stored : undefined;
  const text = stored && !stored.deleted ? textOf(stored) : '{}';
  return { status: answer.status, body: JSON.parse(text) as Json, text };
};

export const keyOf = (resource: unknown): string => `${textAt(resource, 'resourceType')}/${textAt(resource, 'id')}`;
export const keysOf = (body: unknown, mode?: string): string[] =>
  listAt(body, 'entry')
    .filter((entry) => mode === undefined || at(entry, 'search', 'mode') === mode)
    .map((entry) => keyOf(at(entry, 'resource')))
    .toSorted();

/** What writes of the test itself have left in between is not judged. */
export const isTracked = (version: Json | undefined): boolean => version !== undefined && !('gone' in version);

const withLabels = ({ meta, ...rest }: Json): Json => ({ ...rest, tag: at(meta, 'tag'), profile: at(meta, 'profile') });

type Asking = Omit<Interaction, 'caller'>;

/** Puts a hole into what decides, to see that it is found. */
export type Plant = (access: Access) => Access;

/** The first state of a field is that of no policy: `underPolicy` begins. */
export const openField = async (server: TestServer, random: Seeded, plant: Plant = (access) => access) => {
  const { pick, whole } = random;
  const admin = await server.caller('admin');
  const base = `${server.serving.kernel.publicUrl}/fhir`;
  const cases = openCases(random, base);
  const records = openMakers(random, base);
  const policies = openPolicies(random, cases, records.types);
  const resources = new Map<string, Json>();
  /** All versions, the oldest first. */
  const versions = new Map<string, Json[]>();

  let policy: Policy = policies();
  let caller: Caller = admin;
  let perform: Perform = server.perform;
  let told = '';
  /** Of the resources as they are. */
  let judged: Judge | undefined;

  /** Versions that others made in between are not judged. */
  const note = ({ body }: Came, resource: Json): void => {
    const [key, version] = [keyOf(body), Number(textAt(body, 'meta', 'versionId'))];
    const all = versions.get(key) ?? [];
    while (all.length < version - 1) all.push({ gone: true });
    all[version - 1] = resource;
    versions.set(key, all);
  };

  const store = async (resource: Json): Promise<void> => {
    const [type, id] = [textAt(resource, 'resourceType'), textAt(resource, 'id')];
    const body = bodyOf(resource as Resource);
    note(came(await server.perform({ verb: 'update', type, id, caller: admin, body })), resource);
  };

  const put = async (type: string, id: string): Promise<void> => {
    const resource = records.make(type, id);
    await store(resource);
    resources.set(`${type}/${id}`, resource);
    judged = undefined;
  };

  const naive = (all: readonly Json[] = [...resources.values()]): NaiveWorld => {
    const { publicUrl, now } = server.serving.kernel;
    return { resources: all, base: `${publicUrl}/fhir`, now: now() };
  };

  /** A kernel that differs from the server's in nothing but its roles. */
  const underPolicy = (): void => {
    const { kernel } = server.serving;
    policy = policies();
    judged = undefined;
    const { table, faults } = buildRoleTable(
      policy.file,
      verbs.map(({ name }) => name),
    );
    expect(faults).to.deep.equal([]);
    const criteria = openCriteria({
      ...{ compartments: kernel.compartments, file: policy.file, base: `${kernel.publicUrl}/fhir` },
      parametersOf: (type) => kernel.store.base.parameters(type).all,
      foundTypes: kernel.store.base.foundTypes,
    });
    const narrowed: Kernel = {
      ...kernel,
      roles: table,
      access: plant(openAccess([roleLayer(table, criteria)], kernel.standings)),
    };
    perform = line(narrowed);
    caller = { ...admin, subject: 'fuzz', roles: ['some'], fhirUser: { type: 'Patient', id: somePatient(random) } };
  };

  const send = async (interaction: Asking): Promise<Came> => {
    told = `seed ${random.seed}: ${JSON.stringify({ ...interaction, body: interaction.body?.text, query: interaction.query?.toString(), criteria: interaction.criteria?.toString() })} by ${caller.fhirUser?.id} under ${JSON.stringify(policy.file)}`;
    try {
      return came(await perform({ ...interaction, caller }));
    } catch (thrown) {
      const { status, resource } = asOutcome(thrown);
      return { status, body: { ...resource }, text: JSON.stringify(resource) };
    }
  };

  /** Follows the links to the last page. */
  const sendAll = async (interaction: Asking, count: string): Promise<Came> => {
    const query = new URLSearchParams({ _count: count });
    const first = await send({ ...interaction, query });
    const entry = [...listAt(first.body, 'entry')];
    for (let page = first; ; entry.push(...listAt(page.body, 'entry'))) {
      const next = listAt(page.body, 'link').find((link) => at(link, 'relation') === 'next');
      if (next === undefined) return { ...first, body: { ...first.body, entry } };
      const { searchParams } = new URL(textAt(next, 'url'));
      page = await send({ ...interaction, query: searchParams });
      expect(page.status, told).to.equal(200);
    }
  };
  const judge = (): Judge => (judged ??= openJudge(naive(), policy, caller.fhirUser?.id ?? ''));
  const somebody = (): [type: string, id: string] => [pick(records.types), pick([...ids, 'nobody'])];
  const some = (type: string): Asked[] => Array.from({ length: 1 + whole(2) }, () => cases.question(type));
  const queryOf = (asked: readonly Asked[], more: Readonly<Record<string, string>> = {}): URLSearchParams =>
    new URLSearchParams([...asked.map(({ name, value }): [string, string] => [name, value]), ...Object.entries(more)]);

  const stored = async (type: string, id: string): Promise<Json | undefined> => {
    try {
      return came(await server.perform({ verb: 'read', type, id, caller: admin })).body;
    } catch (thrown) {
      if (asOutcome(thrown).status === 410) return undefined;
      throw thrown;
    }
  };

  const isAsItWas = async (now: Json): Promise<boolean> => {
    const found = await stored(textAt(now, 'resourceType'), textAt(now, 'id'));
    return found !== undefined && JSON.stringify(withLabels(found)) === JSON.stringify(withLabels(now));
  };

  /** Whatever was written is taken back. */
  const restore = async (now: Json): Promise<void> => {
    if (!(await isAsItWas(now))) await store(now);
  };

  const remove = async (type: string, id: string): Promise<void> =>
    void (await server.perform({ verb: 'delete', type, id, caller: admin }));

  for (const type of ['Organization', 'Patient'])
    for (const id of ids) await store({ resourceType: type, id, active: true });
  for (const type of records.types) for (const id of ids) await put(type, id);

  return {
    ...{ random, cases, records, resources, versions, naive, base },
    ...{ underPolicy, put, send, sendAll, judge, somebody, some, queryOf, isAsItWas, restore, remove },
    told: (): string => told,
    /** Whether the policy lets anything of a type be written. */
    writes: (type: string): boolean => (policy.types.get(type) ?? []).some(({ show }) => !show),
  };
};

export type Field = Awaited<ReturnType<typeof openField>>;
