/** Decides what of the store goes with a patient, what stays because it is another patient's too, and who would be left referring to nothing. Changes nothing. */
import { metadataOf } from '../../fhir/binary.ts';
import { parseBody } from '../../fhir/body.ts';
import { textOf } from '../../fhir/stored.ts';
import type { Kernel } from '../../interaction/kernel.ts';
import type { Compartment } from '../../policy/compartment.ts';
import type { Holder, Trace } from '../../store/erase.ts';
import type { TransactionUnit } from '../../store/unit.ts';

export interface Plan {
  /** Resources that go, with all of their versions. */
  readonly whole: readonly Holder[];
  /** Past versions, of resources that belong to others by now. */
  readonly past: readonly Trace[];
  /** Of the compartment, and of another patient's, or a bundle with a copy in it: a person decides. */
  readonly shared: readonly Holder[];
  /** Not of the compartment, and they refer to what goes. */
  readonly holders: readonly Holder[];
}

interface Read {
  readonly trace: Trace;
  readonly refers: boolean;
  /** The ids of those in whose compartments this version was. */
  readonly owners: ReadonlySet<string>;
}

const place = ({ type, id }: Pick<Holder, 'type' | 'id'>): string => `${type}/${id}`;

const readTrace = ({ store }: Kernel, compartment: Compartment, patient: string, trace: Trace): Read => {
  const { resource } = parseBody(textOf({ ...trace, deleted: false }));
  const { entries, targets } = store.base.index(trace.type, resource);
  const refers = targets.some(({ type, id }) => type === 'Patient' && id === patient);
  const owners = compartment(trace.type, entries.words);
  // Another patient who is linked with this one is a person, and no part of the record.
  return { trace, refers, owners: trace.type === 'Patient' ? new Set([...owners, trace.id]) : owners };
};

const isLatest = ({ version, now }: Trace): boolean => version === now.version - Number(now.deleted);

const isOnly = ({ owners }: Read, patient: string): boolean => owners.size === 1 && owners.has(patient);

/** By the latest version that there is text of: of a deleted resource, the one before it was deleted. */
const sorted = (read: readonly Read[], patient: string): Omit<Plan, 'holders'> => {
  const latest = new Map(read.flatMap((one) => (isLatest(one.trace) ? [[one.trace.rid, one] as const] : [])));
  const goes = (rid: number): boolean => {
    const one = latest.get(rid);
    return one !== undefined && isOnly(one, patient);
  };
  const all = new Map(read.map(({ trace: { rid, type, id } }) => [rid, { rid, type, id }]));
  return {
    whole: [...all.values()].filter(({ rid }) => goes(rid)),
    shared: [...latest.values()]
      .filter(({ owners, trace }) => owners.has(patient) && owners.size > 1 && !trace.now.deleted)
      .map(({ trace: { rid, type, id } }) => ({ rid, type, id })),
    past: read
      .filter(({ trace }) => !goes(trace.rid) && (trace.now.deleted || !latest.has(trace.rid)))
      .map(({ trace }) => trace),
  };
};

const binaryIn = /(?:^|\/)Binary\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/;

/** The ids of Binaries that a text names as addresses. */
const binariesIn = (value: unknown, found: Set<string>): Set<string> => {
  if (typeof value === 'string') {
    const [, id] = binaryIn.exec(value) ?? [];
    if (id !== undefined) found.add(id);
  } else if (typeof value === 'object' && value !== null)
    for (const each of Object.values(value)) binariesIn(each, found);
  return found;
};

/** The files of the record: what its resources lead to, and what only those may see who see the record; not what belongs to another. */
const filesOf = async (
  unit: TransactionUnit,
  traces: readonly Trace[],
  going: ReadonlySet<string>,
): Promise<Holder[]> => {
  const ids = new Set<string>();
  for (const trace of traces) {
    if (trace.type === 'Binary') ids.add(trace.id);
    else if (going.has(place(trace))) binariesIn(JSON.parse(textOf({ ...trace, deleted: false })), ids);
  }
  const files: Holder[] = [];
  for (const id of ids) {
    const stored = await unit.find('Binary', id, 'remove');
    if (!stored) continue;
    const reference = stored.deleted ? undefined : metadataOf(stored).securityContext?.['reference'];
    const [, type, owner] = /([A-Z]\w+)\/([^/]+)$/.exec(typeof reference === 'string' ? reference : '') ?? [];
    if (reference === undefined || going.has(`${type}/${owner}`)) files.push({ rid: stored.rid, type: 'Binary', id });
  }
  return files;
};

/** What is found is only sure while the patient is locked, and then nobody can refer to it anew. */
export const planErasure = async (
  kernel: Kernel,
  compartment: Compartment,
  unit: TransactionUnit,
  patient: string,
): Promise<Plan> => {
  await unit.find('Patient', patient, 'remove');
  const { erasing } = unit;
  const traces = await erasing.traces('Patient', patient);
  // In a bundle is a copy: its references are none of this server's.
  const copies = traces.filter(({ type }) => type === 'Bundle');
  const read = traces
    .filter(({ type, id }) => type !== 'Bundle' && place({ type, id }) !== `Patient/${patient}`)
    .map((trace) => readTrace(kernel, compartment, patient, trace))
    .filter(({ refers }) => refers);
  const { whole, shared: others, past } = sorted(read, patient);
  const held = copies.filter((copy) => isLatest(copy) && !copy.now.deleted);
  const shared = [...others, ...held.map(({ rid, type, id }) => ({ rid, type, id }))];
  const rid = await erasing.rid('Patient', patient);
  const own = rid === undefined ? [] : [{ rid, type: 'Patient', id: patient }];
  const names = new Set([`Patient/${patient}`, ...whole.map(place)]);
  const files = await filesOf(unit, traces, names);
  const known = new Set(whole.map(({ rid: each }) => each));
  const going = [...own, ...whole, ...files.filter(({ rid: each }) => !known.has(each))].toSorted(
    (a, b) => a.rid - b.rid,
  );
  // Without the patient there may be nobody to refer to; those who name it all the same have been read.
  const gone = own.length > 0 ? going : [...going, { rid: 0, type: 'Patient', id: patient }];
  const sharedRids = new Set(shared.map(({ rid: each }) => each));
  const holders = (await erasing.holders(gone)).filter(({ rid: each }) => !sharedRids.has(each));
  const pastCopies = copies.filter((copy) => !held.includes(copy));
  return { whole: going, past: [...past, ...pastCopies], shared, holders };
};

/** Types with how many of each, the most first. */
export const byType = (resources: readonly Pick<Holder, 'type'>[]): [type: string, count: number][] => {
  const counts = new Map<string, number>();
  for (const { type } of resources) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].toSorted(([a, many], [b, more]) => more - many || Number(a > b) - Number(a < b));
};

/** Equal for two plans that would do the same. */
export const fingerprint = ({ whole, past, shared, holders }: Plan): string =>
  JSON.stringify([
    ...[whole, shared, holders].map((some) => some.map(({ rid }) => rid).toSorted((a, b) => a - b)),
    past.map(({ rid, version }) => `${rid} ${version}`).toSorted(),
  ]);
