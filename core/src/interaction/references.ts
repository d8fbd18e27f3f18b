/** Which resources a body refers to and must therefore be there; of what the caller may not read nobody learns whether it is. */
import type { Resource } from '../fhir/body.ts';
import type { Caller, Stored } from '../fhir/interaction.ts';
import type { Link } from '../fhir/structure/links.ts';
import { Outcome, type Issue } from '../outcome/outcome.ts';
import type { Target } from '../store/change.ts';
import { localReference } from '../store/index/typed-values.ts';
import type { Unit } from '../store/unit.ts';
import type { Kernel } from './kernel.ts';

const keyOf = ({ type, id }: Target): string => `${type}/${id}`;

const issueOf = ({ type, id }: Target, expression: string): Issue => ({
  severity: 'error',
  code: 'not-found',
  diagnostics: `the reference to ${type}/${id} leads nowhere: create it first, or in the same transaction`,
  expression: [expression],
});

type Place = Pick<Kernel, 'structures' | 'publicUrl'>;

const localIn = ({ publicUrl }: Place, { kind, value }: Link): Target | undefined =>
  kind === 'reference' ? localReference(`${publicUrl}/fhir`, value) : undefined;

/** R4 bundle.html#references: what stands in a stored bundle refers to what stands beside it, by addresses of wherever it came from. */
const isOfBundle = (resource: Resource, link: Link): boolean =>
  resource.resourceType === 'Bundle' && /^Bundle\.entry\[\d+\]\.resource\./.test(link.path());

/** Where each of them is referred to is looked up only now: most references lead somewhere. */
export const dangling = (kernel: Kernel, resource: Resource, targets: readonly Target[]): Outcome => {
  const wanted = new Set(targets.map(keyOf));
  const issues: Issue[] = [];
  kernel.structures.links(resource, (link) => {
    const local = localIn(kernel, link);
    if (local && wanted.has(keyOf(local)) && !isOfBundle(resource, link)) issues.push(issueOf(local, link.path()));
    return undefined;
  });
  // R4 http.html#create: 422 where a resource is well formed and the server's own rules refuse it.
  return new Outcome(422, issues);
};

/** Resources of this server that a body refers to, each once. */
export const targetsOf = (place: Place, resource: Resource): Target[] => {
  const found = new Map<string, Target>();
  place.structures.links(resource, (link) => {
    const local = localIn(place, link);
    if (local && !isOfBundle(resource, link)) found.set(keyOf(local), local);
    return undefined;
  });
  return [...found.values()];
};

const versioned = /^(.*)\/_history\/([^/#]*)(?:#.*)?$/;

/** Versions are counted from 1 and stay: one that is named is there if it is not later than the current one. */
export const checkVersions = async (
  place: Place,
  resource: Resource,
  arriving: ReadonlySet<string>,
  currentOf: (target: Target) => Promise<Stored | undefined>,
): Promise<void> => {
  const asked: { readonly target: Target; readonly version: string; readonly path: string }[] = [];
  place.structures.links(resource, (link) => {
    const local = localIn(place, link);
    const [, , version] = versioned.exec(link.value) ?? [];
    if (local && version !== undefined && !isOfBundle(resource, link))
      asked.push({ target: local, version, path: link.path() });
    return undefined;
  });
  const issues: Issue[] = [];
  for (const { target, version, path } of asked) {
    const current = arriving.has(keyOf(target)) ? undefined : await currentOf(target);
    const latest = current?.version ?? (arriving.has(keyOf(target)) ? 1 : 0);
    if (!/^[1-9]\d{0,8}$/.test(version) || Number(version) > latest)
      issues.push(issueOf({ ...target, id: `${target.id}/_history/${version.slice(0, 64)}` }, path));
  }
  if (issues.length > 0) throw new Outcome(422, issues);
};

/** `arriving`: what the same transaction makes. */
export const neededBy = (
  kernel: Kernel,
  caller: Caller,
  resource: Resource,
  {
    self,
    all,
    arriving,
  }: { readonly self: string; readonly all: readonly Target[]; readonly arriving?: ReadonlySet<string> },
): Target[] => {
  if (!kernel.references.mustExist) return [];
  const targets = all.filter((target) => {
    const key = keyOf(target);
    return key !== self && !arriving?.has(key);
  });
  const unseen = targets.filter(({ type }) => !kernel.roles.judge(caller, 'read', type).permitted);
  if (unseen.length > 0) throw dangling(kernel, resource, unseen);
  return targets;
};

/** Only what the caller could read counts as existing. */
export const checkSeen = async (
  kernel: Kernel,
  caller: Caller,
  resource: Resource,
  needs: readonly Target[],
  unit: Pick<Unit, 'all'>,
): Promise<void> => {
  if (needs.length === 0 || kernel.access.isWhole(caller)) return;
  const seen = new Set((await unit.all(needs)).map(keyOf));
  const unseen = needs.filter((target) => !seen.has(keyOf(target)));
  if (unseen.length > 0) throw dangling(kernel, resource, unseen);
};
