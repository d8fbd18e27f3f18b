/** Rewrites the links between the entries of a transaction to the ids that the entries have got, in references, addresses and narrative alike. */
import { parsePatch, type Resource } from '../fhir/body.ts';
import type { Link } from '../fhir/structure/links.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import { entryPath, inEntry, type EntryRequest } from '../fhir/bundle-entries.ts';
import type { Interaction } from '../fhir/interaction.ts';
import { ambiguous, asOutcome, invalid, Outcome, unprocessable } from '../outcome/outcome.ts';
import type { Unit } from '../store/unit.ts';
import type { Kernel } from './kernel.ts';
import { matching } from './matching.ts';
import type { Identified } from './transaction-identities.ts';

/** fullUrl → `Type/id`. */
export type Addresses = ReadonlyMap<string, string>;

export const addressesOf = (identified: readonly Identified[]): Addresses =>
  new Map(
    identified.flatMap(({ entry, id }) =>
      entry.fullUrl !== undefined && id !== undefined && entry.type !== undefined
        ? [[entry.fullUrl, `${entry.type}/${id}`] as const]
        : [],
    ),
  );

/** R4 bundle.html#references: a relative reference in an entry whose fullUrl is a RESTful address is relative to that address's server. */
const serverOf = (fullUrl: string | undefined): string | undefined =>
  /^(https?:\/\/.*)\/[A-Z]\w+\/[^/]+$/.exec(fullUrl ?? '')?.[1];

const isRelative = /^[A-Z]\w+\/[A-Za-z0-9.-]{1,64}$/;

/** `Patient?identifier=…` in place of a reference. */
const conditional = /^([A-Z]\w+)\?(.+)$/;

export const conditionalIn = ({ kind, value }: Link): { type: string; criteria: URLSearchParams } | undefined => {
  const match = kind === 'reference' ? conditional.exec(value) : null;
  const [, type = '', query] = match ?? [];
  return isResourceType(type) ? { type, criteria: new URLSearchParams(query) } : undefined;
};

/** What a link becomes; undefined leaves it as it is. */
const target = (
  value: string,
  kind: Link['kind'],
  addresses: Addresses,
  server: string | undefined,
): string | undefined => {
  const [address = '', fragment] = value.split('#', 2);
  const found =
    addresses.get(address) ??
    (server !== undefined && kind === 'reference' && isRelative.test(address)
      ? addresses.get(`${server}/${address}`)
      : undefined);
  if (found === undefined) return undefined;
  return fragment === undefined ? found : `${found}#${fragment}`;
};

const unresolved = (place: number, paths: readonly string[]): Outcome =>
  new Outcome(
    400,
    paths.map((path) => ({
      severity: 'error',
      code: 'not-found',
      diagnostics: 'the reference names no entry of this transaction',
      expression: [`${entryPath(place)}.resource${path}`],
    })),
  );

/** A JSON Patch travels as the data of a Binary: its texts are what would be links in a resource. What is no JSON is refused where it is applied. */
const rewritePatch = ({ place, resource }: EntryRequest, addresses: Addresses): void => {
  if (typeof resource?.data !== 'string') return;
  const text = Buffer.from(resource.data, 'base64').toString('utf8');
  if (!text.includes('urn:uuid:') && ![...addresses.keys()].some((address) => text.includes(address))) return;
  let isLost = false;
  const rewritten = (key: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    const found = addresses.get(value);
    isLost ||= found === undefined && key === 'reference' && value.startsWith('urn:uuid:');
    return found ?? value;
  };
  try {
    const data = Buffer.from(JSON.stringify(parsePatch(text), rewritten)).toString('base64');
    Object.assign(resource, { data });
  } catch {
    return;
  }
  if (isLost) throw unresolved(place, ['.data']);
};

/** Changes the tree of the entry's resource in place. */
export const rewriteLinks = (kernel: Kernel, { entry }: Identified, addresses: Addresses): void => {
  if (!entry.resource) return;
  if (entry.takes === 'patch' && entry.resource.resourceType === 'Binary') return rewritePatch(entry, addresses);
  const server = serverOf(entry.fullUrl);
  const lost: string[] = [];
  kernel.structures.links(entry.resource, (link) => {
    const found = target(link.value, link.kind, addresses, server);
    // A urn:uuid means nothing outside of its bundle.
    if (found === undefined && link.kind === 'reference' && link.value.startsWith('urn:uuid:')) lost.push(link.path());
    return found;
  });
  if (lost.length > 0)
    throw unresolved(
      entry.place,
      lost.map((path) => path.replace(/^[A-Za-z]+/, '')),
    );
};

export const hasConditionalLinks = (kernel: Kernel, resource: Resource): boolean => {
  let found = false;
  kernel.structures.links(resource, (link) => {
    found ||= conditionalIn(link) !== undefined;
    return undefined;
  });
  return found;
};

/** Looks up what conditional references name, in the transaction as it is by then. R4 http.html#trules: exactly one, or nothing is done. */
export const resolveConditionalLinks = async (
  kernel: Kernel,
  interaction: Interaction,
  { entry }: Identified,
  unit: Unit,
): Promise<void> => {
  const { resource, place } = entry;
  if (!resource) return;
  const wanted = new Map<string, { type: string; criteria: URLSearchParams; path: string }>();
  kernel.structures.links(resource, (link) => {
    const asked = conditionalIn(link);
    if (asked) wanted.set(link.value, { ...asked, path: link.path() });
    return undefined;
  });
  const found = new Map<string, string>();
  for (const [value, { type, criteria, path }] of wanted) {
    try {
      const [first, second] = await matching(kernel, interaction.caller, type, criteria, unit);
      if (second) throw ambiguous(`the conditional reference matches more than one ${type}`);
      if (!first) throw unprocessable(path, `the conditional reference matches no ${type}`);
      found.set(value, `${type}/${first.current.id}`);
    } catch (thrown) {
      throw inEntry(place, asOutcome(thrown));
    }
  }
  kernel.structures.links(resource, ({ kind, value }) => (kind === 'reference' ? found.get(value) : undefined));
};

/** Conditional references stand for themselves only where there is a transaction to look them up in. */
export const refuseConditionalLinks = (kernel: Kernel, resource: Resource): void => {
  kernel.structures.links(resource, (link) => {
    if (conditionalIn(link)) throw invalid(link.path(), 'a conditional reference can stand in a transaction only');
    return undefined;
  });
};
