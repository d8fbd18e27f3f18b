/** A second opinion on every search of the property test: looks through all resources, one after the other, as R4 search.html says it. */
import { at, type Json } from './asked.ts';
import { composites, looks, targets, type Found } from './naive-parameters.ts';
import {
  dateRules,
  hasPhrase,
  hasWords,
  isNumber,
  isQuantity,
  isString,
  isToken,
  periodRules,
  pointOf,
  prefixed,
  spanOf,
  textsOf,
  withoutTags,
} from './naive-values.ts';

type Canonical = Extract<Found, { kind: 'canonical' }>;

/** A filter or the words of a text search, as a tree. */
export type Wish =
  | { readonly all: readonly Wish[] }
  | { readonly any: readonly Wish[] }
  | { readonly not: Wish }
  | { readonly name: string; readonly value: string };

export interface Asked {
  readonly name: string;
  readonly value: string;
  /** What a `_filter`, `_text` or `_content` means. */
  readonly wish?: Wish;
}

export interface NaiveWorld {
  readonly resources: readonly Json[];
  readonly base: string;
  /** Milliseconds since 1970: of all resources it is the time of their last change, too. */
  readonly now: number;
}

/** At every sign that no backslash precedes. */
const parted = (text: string, sign: string): string[] => {
  const parts = [''];
  for (const [piece] of text.matchAll(/\\.|[^]/g))
    if (piece === sign) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${piece}`);
  return parts;
};
const plain = (text: string): string => text.replace(/\\(.)/g, '$1');

const local = ({ base }: NaiveWorld, text: string): string =>
  text.startsWith(`${base}/`) ? text.slice(base.length + 1) : text;

const isReference = (world: NaiveWorld, modifier: string, asked: string, reference: unknown): boolean => {
  if (modifier === 'identifier') {
    const [first = '', second] = parted(asked, '|').map(plain);
    const [system, code] = second === undefined ? [undefined, first] : [first, second];
    const identifier = at(reference, 'identifier');
    return (
      identifier !== undefined &&
      isToken(system, code, { system: at(identifier, 'system'), code: at(identifier, 'value') })
    );
  }
  const text = at(reference, 'reference');
  if (typeof text !== 'string') return false;
  const [wanted, stored] = [local(world, plain(asked)), local(world, text).replace(/\/_history\/.*/, '')];
  if (/[:/]/.test(wanted)) return stored === wanted;
  return modifier === ''
    ? /^[A-Z]\w+\/[^/]+$/.test(stored) && stored.endsWith(`/${wanted}`)
    : stored === `${modifier}/${wanted}`;
};

const isAddress = (modifier: string, asked: string, stored: string): boolean => {
  if (modifier === 'below') return stored === asked || stored.startsWith(asked.endsWith('/') ? asked : `${asked}/`);
  return stored === asked;
};

const isTokenFound = (modifier: string, asked: string, found: Extract<Found, { kind: 'token' }>): boolean => {
  if (modifier === 'text') return found.texts.some((text) => hasWords(text, plain(asked)));
  // Each coding is an item of its own.
  if (modifier === 'filter-ne')
    return found.tokens.some((token) => !isTokenFound('', asked, { ...found, tokens: [token] }));
  const [first = '', second, third] = parted(asked, '|').map(plain);
  if (modifier === 'of-type')
    return (found.typed ?? []).some(
      ({ system, code, value }) => system === first && code === second && value === third,
    );
  return found.tokens.some((token) =>
    second === undefined ? isToken(undefined, first, token) : isToken(first, second, token),
  );
};

const isDate = ({ now }: NaiveWorld, asked: string, span: ReturnType<typeof spanOf>): boolean => {
  const [prefix, rest] = prefixed(asked);
  const rule = dateRules[prefix] ?? periodRules[prefix];
  return rule?.(spanOf(rest), span, BigInt(now) * 1_000_000n) ?? false;
};

const isFound = (world: NaiveWorld, modifier: string, asked: string, found: Found): boolean => {
  switch (found.kind) {
    case 'token':
      return isTokenFound(modifier, asked, found);
    case 'string':
      return isString(modifier, plain(asked), found.text, found.isFamily);
    case 'uri':
      return isAddress(modifier, plain(asked), found.text);
    case 'date':
      return isDate(world, asked, found.span);
    case 'number':
      return isNumber(asked, found.span);
    case 'quantity':
      return isQuantity(asked, found.quantity);
    case 'reference':
      return isReference(world, modifier, asked, found.reference);
    case 'canonical':
      return isCanonical(world, modifier, plain(asked), found);
  }
};

/** R4 search.html#versions: a version that is asked for is that one, and with :below also those that it leads. */
const isCanonical = (world: NaiveWorld, modifier: string, asked: string, found: Canonical): boolean => {
  const [wanted = '', version] = asked.split('|');
  const [, type = modifier === 'below' || modifier === '' ? 'Questionnaire' : modifier, id] =
    /^(?:([A-Z]\w+)\/)?([A-Za-z0-9.-]+)$/.exec(local(world, wanted)) ?? [];
  if (id !== undefined) {
    const target = world.resources.find((each) => typeOf(each) === type && each['id'] === id);
    // An address of this server says itself where it leads.
    return local(world, found.url) === `${type}/${id}` || (target !== undefined && isNamed(found, target));
  }
  if (found.url !== wanted || version === undefined) return found.url === wanted;
  return found.version === version || (modifier === 'below' && String(found.version).startsWith(`${version}.`));
};

/** A reference without a version means any. */
const isNamed = ({ url, version }: Canonical, target: Json): boolean =>
  target['url'] === url && (version === undefined || target['version'] === version);

const typeOf = (resource: Json): string => String(resource['resourceType']);

const isComposite = (world: NaiveWorld, resource: Json, code: string, asked: string): boolean => {
  const values = parted(asked, '$');
  return (composites[code] ?? []).some(({ elements, parts }) => {
    const wholes = elements === '' ? [resource] : ((at(resource, elements) ?? []) as Json[]);
    return wholes.some((whole) =>
      parts.every((look, place) => look(whole).some((found) => isFound(world, '', values[place] ?? '', found))),
    );
  });
};

const leads = (world: NaiveWorld, from: Json, code: string, to: Json): boolean =>
  (looks[typeOf(from)]?.[code]?.(from) ?? []).some((found) => {
    const place = `${typeOf(to)}/${String(to['id'])}`;
    if (found.kind === 'canonical')
      return typeOf(to) === 'Questionnaire' && (isNamed(found, to) || local(world, found.url) === place);
    return found.kind === 'reference' && isReference(world, '', place, found.reference);
  });

/** `subject:Patient.name`: what is before the first point, and what is behind it. */
const chained = (world: NaiveWorld, resource: Json, name: string, value: string): boolean => {
  const dot = name.indexOf('.');
  const [code = '', only] = name.slice(0, dot).split(':');
  const types = only === undefined ? (targets[`${typeOf(resource)}.${code}`] ?? []) : [only];
  return world.resources.some(
    (other) =>
      types.includes(typeOf(other)) &&
      knows(typeOf(other), name.slice(dot + 1)) &&
      leads(world, resource, code, other) &&
      answers(world, other, { name: name.slice(dot + 1), value }),
  );
};

/** Of several types that a chain may lead to, those that do not have the parameter are not meant. */
const knows = (type: string, name: string): boolean =>
  name.startsWith('_') || looks[type]?.[name.split(/[.:]/)[0] ?? ''] !== undefined;

const hasOther = (world: NaiveWorld, resource: Json, name: string, value: string): boolean => {
  const [, type = '', code = '', ...rest] = name.split(':');
  return world.resources.some(
    (other) =>
      typeOf(other) === type &&
      leads(world, other, code, resource) &&
      answers(world, other, { name: rest.join(':'), value }),
  );
};

const fulfils = (wish: Wish, leaf: (name: string, value: string) => boolean): boolean => {
  if ('all' in wish) return wish.all.every((one) => fulfils(one, leaf));
  if ('any' in wish) return wish.any.some((one) => fulfils(one, leaf));
  return 'not' in wish ? !fulfils(wish.not, leaf) : leaf(wish.name, wish.value);
};

/** Whether one resource answers to one parameter. */
const answers = (world: NaiveWorld, resource: Json, { name, value, wish }: Asked): boolean => {
  if (name === '_filter' && wish)
    return fulfils(wish, (inner, asked) => answers(world, resource, { name: inner, value: asked }));
  const words = wish ?? { name, value };
  if (name === '_text')
    return fulfils(words, (_, phrase) => hasPhrase(withoutTags(at(resource, 'text', 'div')), phrase));
  if (name === '_content')
    return fulfils(words, (_, phrase) => textsOf(resource).some((text) => hasPhrase(text, phrase)));
  if (name.startsWith('_has:')) return hasOther(world, resource, name, value);
  if (name.includes('.')) return chained(world, resource, name, value);
  const [code = '', modifier = ''] = name.split(':');
  const values = parted(value, ',');
  if (code === '_id') return values.includes(String(resource['id'])) === (modifier !== 'not');
  if (code === '_lastUpdated')
    return values.some((one) => isDate(world, one, pointOf(new Date(world.now).toISOString())));
  if (composites[code]) return values.some((one) => isComposite(world, resource, code, one));
  const found = looks[typeOf(resource)]?.[code]?.(resource) ?? [];
  if (modifier === 'missing') return (found.length === 0) === (value === 'true');
  const some = (kind: string): boolean => values.some((one) => found.some((each) => isFound(world, kind, one, each)));
  return modifier === 'not' ? !some('') : some(modifier);
};

/** Whether a resource answers to every parameter, be it of this world or not. */
export const naiveAnswers = (world: NaiveWorld, resource: Json, asked: readonly Asked[]): boolean =>
  asked.every((one) => answers(world, resource, one));

/** The resources of a type that answer to every parameter. */
export const naiveSearch = (world: NaiveWorld, type: string, asked: readonly Asked[]): Json[] =>
  world.resources.filter((resource) => typeOf(resource) === type && naiveAnswers(world, resource, asked));

/** What they refer to by a parameter, or who refers to them by it. */
export const naiveIncluded = (
  world: NaiveWorld,
  matches: readonly Json[],
  include: string,
  reverse: boolean,
): Json[] => {
  const [type = '', code = '', only] = include.split(':');
  return world.resources.filter((other) =>
    reverse
      ? typeOf(other) === type &&
        matches.some((match) => [undefined, typeOf(match)].includes(only) && leads(world, other, code, match))
      : matches.some(
          (match) =>
            typeOf(match) === type && [undefined, typeOf(other)].includes(only) && leads(world, match, code, other),
        ),
  );
};

/** R4 compartmentdefinition-patient: what is in that of a patient, of the types that the test has. */
export const isInCompartment = (world: NaiveWorld, resource: Json, patient: Json): boolean =>
  ({
    Observation: ['subject', 'performer'],
    RiskAssessment: ['subject'],
    QuestionnaireResponse: ['subject', 'patient'],
    Patient: ['link'],
  })[typeOf(resource)]?.some((code) => leads(world, resource, code, patient)) ?? false;
