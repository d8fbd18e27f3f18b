/** Makes the change that turns one version of a resource into the next, and reads what came of it. */
import { answered } from '../fhir/binary.ts';
import { exactOf, parseBody, tailOf, type Body, type Resource } from '../fhir/body.ts';
import type { Caller, Stored } from '../fhir/interaction.ts';
import { textOf } from '../fhir/stored.ts';
import { undone } from '../outcome/outcome.ts';
import { noEntries, type Change, type Indexing, type Method, type Written } from '../store/change.ts';
import { difference, type Indexed } from '../store/index/entries.ts';
import type { Current } from '../store/resources.ts';
import { acceptable } from './binary.ts';
import type { Kernel, Within } from './kernel.ts';
import { checkSeen, checkVersions, dangling, neededBy } from './references.ts';
import { unitOf } from './unit-of.ts';

export interface Composing {
  readonly caller: Caller;
  readonly type: string;
  readonly id: string;
  readonly method: Method;
  readonly before: Current | undefined;
  readonly within: Within | undefined;
}

const nothing: Indexed = { entries: noEntries, at: 0, targets: [] };

const resourceOf = (before: Current | undefined): Resource | undefined =>
  before && !before.deleted ? exactOf(parseBody(textOf(before))) : undefined;

interface Turned {
  readonly type: string;
  readonly from: Resource | undefined;
  readonly to: Resource | undefined;
}

interface Reindexed extends Indexing {
  /** What the versions refer to. */
  readonly before: Indexed['targets'];
  readonly after: Indexed['targets'];
}

/** By the tenant's search parameters of this moment. */
const indexing = ({ store }: Kernel, tenant: number, { type, from, to }: Turned): Reindexed => {
  const { index, generation } = store.searching(tenant);
  const [old, next] = [from, to].map((resource) => (resource ? index(type, resource) : nothing));
  if (!old || !next) throw new RangeError('two versions have two indexes');
  return {
    ...{ generation, at: next.at, before: old.targets, after: next.targets },
    ...{ adds: difference(next.entries, old.entries), drops: difference(old.entries, next.entries) },
  };
};

/** The change to the version that `body` is. */
export const composed = async (kernel: Kernel, composing: Composing, body: Body): Promise<Change> => {
  const { caller, type, id, method, before, within } = composing;
  const turned = { type, from: resourceOf(before), to: exactOf(body) };
  const again = (): Reindexed => indexing(kernel, caller.tenant, turned);
  const { before: old, after: targets, ...indexed } = again();
  const unit = unitOf(kernel, caller, within);
  const kept = type === 'Binary' ? acceptable(kernel, body) : body;
  if (kernel.references.mustExist && body.text.includes('/_history/')) {
    await checkVersions(kernel, body.resource, within?.arriving ?? new Set(), (target) =>
      unit.find(target.type, target.id, 'read'),
    );
  }
  // What the version before refers to is there, because it refers to it; and whoever wrote that could read it.
  const known = new Set(old.map((target) => `${target.type}/${target.id}`));
  const fresh = known.size === 0 ? targets : targets.filter((target) => !known.has(`${target.type}/${target.id}`));
  const about = { self: `${type}/${id}`, all: fresh, ...(within ? { arriving: within.arriving } : {}) };
  const needs = neededBy(kernel, caller, body.resource, about);
  await checkSeen(kernel, caller, body.resource, needs, unit);
  return {
    ...{ type, id, method, deleted: false, ...indexed, again },
    rid: before?.rid ?? (await kernel.store.rids(type)),
    was: before?.version ?? 0,
    tail: tailOf(kept),
    ...(kept.content ? { content: kept.content } : {}),
    needs,
  };
};

/** The change to a version that says the resource is gone. */
export const deletion = (kernel: Kernel, tenant: number, before: Current): Change => {
  const { type, id, rid, version, at } = before;
  const turned = { type, from: resourceOf(before), to: undefined };
  const again = (): Indexing => {
    const { generation, adds, drops } = indexing(kernel, tenant, turned);
    return { generation, adds, drops, at };
  };
  return {
    ...{ type, id, rid, was: version, method: 'DELETE', deleted: true, tail: '', needs: [] },
    ...again(),
    again,
  };
};

/** Undefined where somebody else was faster. */
export const storedBy = (
  kernel: Kernel,
  { type, id, tail, deleted, content }: Change,
  written: Written,
  resource: Resource,
): Stored | undefined => {
  if (written.outcome === 'missing') throw dangling(kernel, resource, written.targets);
  if (written.outcome === 'undone') throw undone(`${type}/${id}`);
  if (written.outcome === 'stale') return undefined;
  const stored = { type, id, version: written.version, updated: written.updated, deleted, tail };
  return content ? answered(stored, content) : stored;
};
