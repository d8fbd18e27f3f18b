/** Decides row by row what a caller sees: which ways are open for a resource, and what of it they show. */
import { parseBody, tailOf } from '../fhir/body.ts';
import type { Caller, Stored } from '../fhir/interaction.ts';
import { partialText } from '../fhir/partial.ts';
import type { Clause } from '../fhir/search/query.ts';
import { textOf } from '../fhir/stored.ts';
import type { Sight, Way } from '../policy/access.ts';
import type { Unit } from '../store/unit.ts';
import type { Kernel } from './kernel.ts';

/** What is known of a resource before it is judged: its content may be. */
type Named = Pick<Stored, 'type' | 'id'> & Partial<Pick<Stored, 'tail'>>;

export type Seeing = Pick<Kernel, 'access' | 'structures' | 'store'>;

/** For each layer the ways that are open for one resource; a layer without one hides it. */
type Open = readonly (readonly Way[])[];

const isVisible = (open: Open): boolean => open.every((ways) => ways.length > 0);

/** Several searches at once find no more of a page than this. */
const mostAtOnce = 1_000;

/** Those of one type for which a clause holds, by their ids. */
const heldBy = async (unit: Unit, type: string, ids: readonly string[], clause: Clause): Promise<Set<string>> => {
  const found = new Set<string>();
  for (let first = 0; first < ids.length; first += mostAtOnce) {
    const some = ids.slice(first, first + mostAtOnce);
    const hits = await unit.search({
      query: { type, clauses: [{ kind: 'id', ids: some }, clause] },
      limit: some.length,
    });
    for (const { current } of hits) found.add(current.id);
  }
  return found;
};

const isSure = ({ clause, surely }: Way, { tail }: Named): boolean =>
  !clause || (surely !== undefined && tail !== undefined && surely({ tail }));

/** The open ways of current resources of one type, asked of the index. */
const openOf = async (unit: Unit, type: string, all: ReadonlyMap<string, Named>, sights: readonly Sight[]) => {
  const open = new Map<string, (readonly Way[])[]>([...all.keys()].map((id) => [id, []]));
  for (const sight of sights) {
    const held = await Promise.all(
      sight.map(async (way) => {
        const sure = new Set([...all].filter(([, each]) => isSure(way, each)).map(([id]) => id));
        const unsure = [...all.keys()].filter((id) => !sure.has(id));
        const found = way.clause && unsure.length > 0 ? await heldBy(unit, type, unsure, way.clause) : [];
        return { way, ids: new Set([...sure, ...found]) };
      }),
    );
    for (const [id, ways] of open) ways.push(held.filter((each) => each.ids.has(id)).map(({ way }) => way));
  }
  return open;
};

/** The open ways of a version as it was, or as it is to be. */
export const openFor = async (unit: Unit, stored: Stored, sights: readonly Sight[]): Promise<Open> => {
  const { type, id, updated } = stored;
  if (sights.every((sight) => sight.every((way) => isSure(way, stored)))) return sights;
  const { resource } = parseBody(textOf(stored));
  const candidate = { id, updated, resource };
  return Promise.all(
    sights.map(async (sight) => {
      const held = await Promise.all(
        sight.map(
          async (way) =>
            isSure(way, stored) || (await unit.satisfies({ type, clauses: way.clause ? [way.clause] : [] }, candidate)),
        ),
      );
      return sight.filter((_, place) => held[place]);
    }),
  );
};

/** What every layer shows together; undefined: everything. */
const shownBy = (open: Open): ReadonlySet<string> | undefined => {
  let shown: ReadonlySet<string> | undefined;
  for (const ways of open) {
    if (ways.some(({ show }) => !show)) continue;
    const ofLayer = new Set(ways.flatMap(({ show }) => [...(show ?? [])]));
    shown = shown ? shown.intersection(ofLayer) : ofLayer;
  }
  return shown;
};

const masked = <S extends Stored>({ structures }: Seeing, stored: S, open: Open): S => {
  const shown = shownBy(open);
  if (!shown || stored.deleted) return stored;
  const text = partialText(textOf(stored), { summary: 'false', elements: [...shown] }, structures.type);
  return { ...stored, tail: tailOf(parseBody(text)) };
};

/** Rows that were shown in part lead nowhere: what they refer to may be what was not shown. */
export type InPart = Set<number>;

export interface Seer {
  /** Those of these current resources that the caller sees, as he sees them. */
  readonly current: <S extends Stored & { readonly rid?: number }>(verb: string, all: readonly S[]) => Promise<S[]>;
  /** Those that a narrowed search has found, as the caller sees them. */
  readonly found: <S extends Stored & { readonly rid?: number }>(verb: string, all: readonly S[]) => Promise<S[]>;
  /** Which of these current resources he may do a thing with. */
  readonly mayWith: (verb: string, all: readonly Named[]) => Promise<ReadonlySet<string>>;
  /** Versions as they were: what holds now and what held then must both permit. */
  readonly versions: <S extends Stored>(verb: string, all: readonly S[]) => Promise<S[]>;
  readonly sights: (verb: string, type: string) => Promise<readonly Sight[]>;
}

export const keyOf = ({ type, id }: Named): string => `${type}/${id}`;

export const openSeer = (seeing: Seeing, caller: Caller, unit: Unit, inPart: InPart): Seer => {
  const sights = (verb: string, type: string): Promise<readonly Sight[]> => seeing.access.sights(caller, verb, type);

  const openOfAll = async (verb: string, all: readonly Named[]): Promise<Map<string, Open>> => {
    const open = new Map<string, Open>();
    for (const [type, mine] of Map.groupBy(all, (each) => each.type)) {
      const ofType = await sights(verb, type);
      const byId = new Map(mine.map((each) => [each.id, each]));
      const found = ofType.length === 0 ? undefined : await openOf(unit, type, byId, ofType);
      for (const id of byId.keys()) open.set(keyOf({ type, id }), found?.get(id) ?? []);
    }
    return open;
  };

  const seen = <S extends Stored & { readonly rid?: number }>(all: readonly S[], openBy: (each: S) => Open): S[] =>
    all.flatMap((each) => {
      const open = openBy(each);
      if (!isVisible(open)) return [];
      const shown = masked(seeing, each, open);
      if (shown !== each && each.rid !== undefined) inPart.add(each.rid);
      return [shown];
    });

  const current: Seer['current'] = async (verb, all) => {
    const open = await openOfAll(verb, all);
    return seen(all, (each) => open.get(keyOf(each)) ?? []);
  };

  return {
    sights,
    current,
    found: async (verb, all) => {
      const types = [...new Set(all.map(({ type }) => type))];
      const ofTypes = await Promise.all(types.map((type) => sights(verb, type)));
      const isPart = ofTypes.flat(2).some(({ show }) => show);
      return isPart ? current(verb, all) : [...all];
    },
    mayWith: async (verb, all) => {
      const open = await openOfAll(verb, all);
      return new Set([...open].filter(([, each]) => isVisible(each)).map(([key]) => key));
    },
    versions: async (verb, all) => {
      // Their content is not that of now.
      const now = await openOfAll(
        verb,
        all.map(({ type, id }) => ({ type, id })),
      );
      const then = new Map<Stored, Open>();
      for (const each of all) {
        const ofType = await sights(verb, each.type);
        const isNow = isVisible(now.get(keyOf(each)) ?? []);
        // What is deleted shows nothing by which it could be judged.
        if (ofType.length === 0) then.set(each, []);
        else if (!isNow || each.deleted) then.set(each, [[]]);
        else then.set(each, await openFor(unit, each, ofType));
      }
      return seen(all, (each) => then.get(each) ?? [[]]);
    },
  };
};
