/** Grows the tree of an answer from resources at hand, and lists what must be fetched before it can grow on; fetches nothing itself. */
import { invalid } from '../../outcome/outcome.ts';
import { element, rootItem, type Item } from '../fhirpath/item.ts';
import { isMembers, type Members } from '../members.ts';
import { isResourceType } from '../resource-types.ts';
import type { Path } from './answer.ts';
import { graphName, wholeType, type Element } from './elements.ts';
import type { Planned, Selections } from './plan.ts';
import { guarded, newTwig, queryType, type Asked, type Branch, type Growth, type Source, type Twig } from './tree.ts';
import { primitiveText } from './values.ts';

/** Names, quotation marks and commas of a value. */
const eachValue = 10;

const leaf = (growth: Growth, twig: Twig, value: unknown): void => {
  growth.meter.spend(eachValue + (primitiveText(value)?.length ?? 0));
  (twig.grown ??= []).push({ suffix: '', leaf: value });
};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [value]);

const itemsOf = (source: Source, { key, type, primitive }: Element): Item[] => {
  const [values, besides] = [source.value[key], primitive ? source.value[`_${key}`] : undefined];
  if (values === undefined && besides === undefined) return [];
  const many = Array.isArray(values) || Array.isArray(besides);
  const beside = listOf(besides);
  const list = values === undefined ? beside.map(() => undefined) : listOf(values);
  return list.map((value, place) => {
    const next = beside[place];
    const own = isMembers(value) ? resourceTypeOf(value) : undefined;
    const stands = [undefined, source.value, key, many ? place : -1] as const;
    return element(own ?? type, value, isMembers(next) ? next : undefined, ...stands);
  });
};

const resourceTypeOf = ({ resourceType }: Members): string | undefined =>
  typeof resourceType === 'string' && isResourceType(resourceType) ? resourceType : undefined;

/** A resource within a resource holds what is in it; one that is contained shares its container. */
const below = ({ holder }: Source, { key, type }: Element, value: Members): Source => {
  const own = resourceTypeOf(value);
  if (own === undefined) return { type, value, holder };
  const container = key === 'contained' ? holder.container : value;
  return { type: own, value, holder: { type: own, resource: value, container } };
};

export const resourceSource = (type: string, value: Members): Source => ({
  ...{ type, value },
  holder: { type, resource: value, container: value },
});

/** Lets a twig's values grow from what was found for it. */
export const fill = (
  growth: Growth,
  twig: Twig,
  sources: readonly Source[],
  suffixes: readonly string[] = [],
): void => {
  twig.grown ??= [];
  for (const [place, source] of sources.entries()) {
    const branch: Branch = { twigs: [] };
    growth.meter.spend(eachValue);
    twig.grown.push({ suffix: suffixes[place] ?? '', branch });
    grow(growth, branch, source, twig.planned.selections, twig.many ? [...twig.path, place] : twig.path);
  }
};

/** From what was fetched, as its directives shape it. */
export const fillFetched = (growth: Growth, twig: Twig, sources: readonly Source[]): void => {
  const { first, slice } = twig.shape;
  const chosen = first ? sources.slice(0, 1) : sources;
  const suffixes =
    slice === undefined
      ? []
      : chosen.map(({ type, value, holder }, place) =>
          growth.narrowing.suffix(rootItem(type, value), place, slice, holder),
        );
  fill(growth, twig, chosen, suffixes);
};

const growElement = (growth: Growth, twig: Twig, source: Source, found: Element): void => {
  const items = itemsOf(source, found);
  if (items.length === 0) return;
  const { shape } = twig;
  const chosen = growth.narrowing.list(items, twig.planned, source.holder);
  const suffixes =
    shape.slice === undefined
      ? []
      : chosen.map((item, place) => growth.narrowing.suffix(item, place, shape.slice ?? '', source.holder));
  if (!found.primitive)
    return fill(
      growth,
      twig,
      chosen.flatMap(({ value }) => (isMembers(value) ? [below(source, found, value)] : [])),
      suffixes,
    );
  twig.grown ??= [];
  for (const [place, { value }] of chosen.entries()) {
    growth.meter.spend(eachValue + (primitiveText(value)?.length ?? 0));
    // In a list, null keeps the places of extensions; alone it says nothing.
    if (twig.many || (value !== undefined && value !== null))
      twig.grown.push({ suffix: suffixes[place] ?? '', leaf: value ?? null });
  }
};

/** `_birthDate`: what stands beside a primitive. */
const growBeside = (growth: Growth, twig: Twig, source: Source): void => {
  const value = source.value[twig.planned.name];
  if (value === undefined) return;
  fill(
    growth,
    twig,
    listOf(value).map((each) => ({ type: 'Element', value: isMembers(each) ? each : {}, holder: source.holder })),
  );
};

interface Kind {
  readonly type: string;
  readonly many: boolean;
  readonly grow: (twig: Twig) => void;
}

const askedBy = (type: string, name: string): Asked | undefined => {
  if (type === 'Reference') return name === 'resource' ? { kind: 'reference' } : undefined;
  if (type === queryType && isResourceType(name)) return { kind: 'id', type: name };
  if (type !== queryType && !isResourceType(type)) return undefined;
  const [listed, paged] = [wholeType(name, 'List'), wholeType(name, 'Connection')];
  if (listed !== undefined) return { kind: 'search', type: listed, paged: false };
  return paged === undefined ? undefined : { kind: 'search', type: paged, paged: true };
};

const typeOfAsked = (asked: Asked): string => {
  if (asked.kind === 'reference') return 'Resource';
  return asked.kind === 'search' && asked.paged ? `${asked.type}Connection` : asked.type;
};

const single = (type: string, growing: Kind['grow']): Kind => ({ type, many: false, grow: growing });

const said = (growth: Growth, value: unknown): Kind => single('string', (twig) => leaf(growth, twig, value));

/** What a field of a source is; undefined where there is none of this name. */
const kindOf = (growth: Growth, source: Source, planned: Planned): Kind | undefined => {
  const { type } = source;
  const { name } = planned;
  if (name === '__typename') return said(growth, graphName(type));
  if (name === '__schema' || name === '__type')
    return single('string', (twig) => leaf(growth, twig, growth.introspect(planned)));
  const found = growth.elements(type).get(name);
  if (found) return { ...found, grow: (twig) => growElement(growth, twig, source, found) };
  const beside = name.startsWith('_') ? growth.elements(type).get(name.slice(1)) : undefined;
  if (beside?.primitive)
    return { type: 'Element', many: beside.many, grow: (twig) => growBeside(growth, twig, source) };
  if (name === 'resourceType' && isResourceType(type)) return said(growth, type);
  const asked = askedBy(type, name);
  if (!asked) return undefined;
  return {
    type: typeOfAsked(asked),
    many: asked.kind === 'search' && !asked.paged,
    grow: (twig) => void growth.wants.push({ twig, source, asked }),
  };
};

export const grow = (growth: Growth, branch: Branch, source: Source, selections: Selections, path: Path): void => {
  for (const planned of growth.plan(selections, source.type)) {
    const kind = kindOf(growth, source, planned);
    const twig = newTwig(planned, kind?.type ?? 'Element', kind?.many ?? false, path);
    growth.meter.spend(eachValue);
    branch.twigs.push(twig);
    guarded(growth, twig, () => {
      if (planned.problem) throw planned.problem;
      if (!kind) throw invalid(planned.name, `${graphName(source.type)} has no field ${planned.name}`);
      kind.grow(twig);
    });
  }
};
