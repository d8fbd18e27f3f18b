/** Makes the change that turns one version of a resource into the next, and reads what came of it. */
import { answered } from '../fhir/binary.ts';
import { parseBody, tailOf, type Body, type Resource } from '../fhir/body.ts';
import type { Caller, Stored } from '../fhir/interaction.ts';
import { textOf } from '../fhir/stored.ts';
import { undone } from '../outcome/outcome.ts';
import { noEntries, type Change, type Method, type Written } from '../store/change.ts';
import { difference, type Indexed } from '../store/index/entries.ts';
import type { Current } from '../store/resources.ts';
import { acceptable } from './binary.ts';
import type { Kernel, Within } from './kernel.ts';
import { checkVersions, dangling, neededBy } from './references.ts';

export interface Composing {
  readonly caller: Caller;
  readonly type: string;
  readonly id: string;
  readonly method: Method;
  readonly before: Current | undefined;
  readonly within: Within | undefined;
}

const nothing: Indexed = { entries: noEntries, at: 0, targets: [] };

const indexOf = ({ store }: Kernel, before: Current | undefined): Indexed =>
  before && !before.deleted ? store.index(before.type, parseBody(textOf(before)).resource) : nothing;

/** The change to the version that `body` is. */
export const composed = async (kernel: Kernel, composing: Composing, body: Body): Promise<Change> => {
  const { caller, type, id, method, before, within } = composing;
  const old = indexOf(kernel, before);
  const { entries, at, targets } = kernel.store.index(type, body.resource);
  const kept = type === 'Binary' ? acceptable(kernel, body) : body;
  if (kernel.references.mustExist && body.text.includes('/_history/')) {
    const unit = within?.unit ?? kernel.store.single(caller.tenant);
    await checkVersions(kernel, body.resource, within?.arriving ?? new Set(), (target) =>
      unit.find(target.type, target.id, 'read'),
    );
  }
  // What the version before refers to is there, because it refers to it; and whoever wrote that could read it.
  const known = new Set(old.targets.map((target) => `${target.type}/${target.id}`));
  const fresh = known.size === 0 ? targets : targets.filter((target) => !known.has(`${target.type}/${target.id}`));
  const about = { self: `${type}/${id}`, all: fresh, ...(within ? { arriving: within.arriving } : {}) };
  return {
    ...{ type, id, method, at, deleted: false },
    rid: before?.rid ?? (await kernel.store.rids(type)),
    was: before?.version ?? 0,
    tail: tailOf(kept),
    ...(kept.content ? { content: kept.content } : {}),
    adds: difference(entries, old.entries),
    drops: difference(old.entries, entries),
    needs: neededBy(kernel, caller, body.resource, about),
  };
};

/** The change to a version that says the resource is gone. */
export const deletion = (kernel: Kernel, before: Current): Change => ({
  ...{ type: before.type, id: before.id, rid: before.rid, was: before.version, method: 'DELETE', deleted: true },
  ...{ tail: '', at: before.at, adds: noEntries, drops: indexOf(kernel, before).entries, needs: [] },
});

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
