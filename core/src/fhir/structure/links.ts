/** Visits every link of a resource, those in extensions, contained resources and narrative included; a visitor may put another text in its place. */
import type { LinkKind, Slot, Table, Tables } from './compile.ts';
import { narrativeLinks } from './narrative.ts';
import { deepest, newWalk, pathOf, type Walk } from './walk.ts';

export type { LinkKind } from './compile.ts';

/** One link; the same object serves the whole walk, so a visitor keeps its members, not itself. */
export interface Link {
  readonly kind: LinkKind;
  /** The text of the link; in narrative, of one href or src. */
  readonly value: string;
  readonly holder: object;
  readonly key: string | number;
  /** What a Reference may lead to; undefined for any type. */
  readonly targets: readonly string[] | undefined;
  readonly path: () => string;
}

/** Answers the text to put in its place. */
export type LinkVisit = (link: Link) => string | undefined;

type Holder = Record<string | number, unknown>;

interface Visiting {
  readonly tables: Tables;
  readonly walk: Walk;
  readonly visit: LinkVisit;
  readonly link: { -readonly [member in keyof Link]: Link[member] };
  /** Of the Reference that the walk is in. */
  targets: readonly string[] | undefined;
  /** The name and place that `path` ends with. */
  name: string;
  place: number;
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const markup = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
const named: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
const plain = (text: string): string =>
  text.replace(
    /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\dA-Fa-f]{1,6}));/g,
    (whole, name?: string, digits?: string, hex?: string) => {
      if (name !== undefined) return named.get(name) ?? whole;
      const code = digits === undefined ? Number.parseInt(hex ?? '', 16) : Number(digits);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );

const tell = (visiting: Visiting, slot: Slot, value: string, holder: Holder, key: string | number): void => {
  const { link, visit } = visiting;
  link.kind = slot.link ?? 'uri';
  link.value = value;
  link.holder = holder;
  link.key = key;
  link.targets = slot.link === 'reference' ? visiting.targets : undefined;
  visiting.name = slot.name;
  visiting.place = typeof key === 'number' ? key : -1;
  const other = visit(link);
  if (other !== undefined) holder[key] = other;
};

const narrative = (visiting: Visiting, slot: Slot, div: string, holder: Holder, key: string): void => {
  if (!div.includes('href') && !div.includes('src')) return;
  const { link, visit } = visiting;
  const pieces: string[] = [];
  let done = 0;
  for (const { from, to } of narrativeLinks(div)) {
    link.kind = 'narrative';
    link.value = plain(div.slice(from, to));
    link.holder = holder;
    link.key = key;
    link.targets = undefined;
    visiting.name = slot.name;
    visiting.place = -1;
    const other = visit(link);
    if (other === undefined) continue;
    pieces.push(div.slice(done, from), markup(other));
    done = to;
  }
  if (pieces.length > 0) holder[key] = pieces.join('') + div.slice(done);
};

const member = (visiting: Visiting, slot: Slot, value: unknown, holder: Holder, key: string): void => {
  if (typeof value === 'string') {
    if (slot.link === 'narrative') narrative(visiting, slot, value, holder, key);
    else if (slot.link !== undefined) tell(visiting, slot, value, holder, key);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) return into(visiting, slot, value as Holder, -1);
  for (let place = 0; place < value.length; place++) {
    const one: unknown = value[place];
    if (isHolder(one)) into(visiting, slot, one, place);
    else if (typeof one === 'string' && slot.link !== undefined)
      tell(visiting, slot, one, value as unknown[] & Holder, place);
  }
};

const typeOf = ({ tables }: Visiting, slot: Slot, value: Holder): Table | undefined => {
  if (slot.shape !== 'resource') return slot.shape === 'primitive' ? undefined : slot.type;
  const name = value['resourceType'];
  return typeof name === 'string' ? tables.table(name) : undefined;
};

const into = (visiting: Visiting, slot: Slot, value: Holder, place: number): void => {
  const { walk, tables, targets } = visiting;
  const type = typeOf(visiting, slot, value);
  if (!type || walk.depth >= deepest) return;
  walk.depth++;
  walk.names[walk.depth] = slot.name;
  walk.places[walk.depth] = place;
  visiting.targets = slot.targets;
  members(visiting, tables.ready(type), value);
  visiting.targets = targets;
  walk.depth--;
};

const members = (visiting: Visiting, type: Table, holder: Holder): void => {
  for (const key in holder) {
    const slot = type.slots.get(key);
    if (slot !== undefined && (slot.link !== undefined || slot.shape !== 'primitive'))
      member(visiting, slot, holder[key], holder, key);
  }
};

/** One walk's memory serves the next; a visitor that walks another resource gets its own. */
export const linkWalker = (tables: Tables) => {
  let spare: Walk | undefined = newWalk();
  return (resource: unknown, visit: LinkVisit): void => {
    if (!isHolder(resource)) return;
    const name = resource['resourceType'];
    const type = typeof name === 'string' ? tables.table(name) : undefined;
    if (!type) return;
    const walk = spare ?? newWalk();
    spare = undefined;
    walk.depth = 0;
    walk.names[0] = type.name;
    const visiting: Visiting = {
      tables,
      walk,
      visit,
      targets: undefined,
      name: '',
      place: -1,
      link: {
        kind: 'uri',
        value: '',
        holder: resource,
        key: '',
        targets: undefined,
        path: () => pathOf(walk, visiting.name, visiting.place),
      },
    };
    members(visiting, tables.ready(type), resource);
    spare = walk;
  };
};
