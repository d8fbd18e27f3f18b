/** What the values of a clause ask of the words of an index, kind by kind. */
import type { Clause, ReferenceValue, StringMatch, TokenValue } from '../../fhir/search/query.ts';
import { referencedType } from '../../fhir/reference-type.ts';
import { cleared, fold } from '../../fhir/search/fold.ts';
import type { CodeSet } from '../../fhir/structure/definition.ts';
import { numberMatches, quantityMatches } from '../index/number-words.ts';
import type { WordNeeds } from '../index/typed-values.ts';
import {
  after,
  anySystem,
  anyType,
  anyVersion,
  outsideWord,
  referenceIdentifierWord,
  referenceWord,
  seam,
  longest,
  short,
  stringWord,
  tokenWord,
  typedIdentifierWord,
  uriWord,
} from '../index/words.ts';
import type { Match, PartTest } from './match.ts';

/** So many letters may be small or capital: each doubles the ways to begin. */
const mostLetters = 4;

/** By its first letters in every case, and a test of the others: most codes have none behind these. */
const caselessMatches = (system: string | undefined, code: string): Match[] => {
  const small = cleared(code).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const [lead = ''] = new RegExp(`^(?:[^a-z]*[a-z]){0,${mostLetters}}[^a-z]*`).exec(small) ?? [];
  const ways = lead
    .split('')
    .reduce<string[]>(
      (starts, letter) =>
        [...new Set([letter, /[a-z]/.test(letter) ? letter.toUpperCase() : letter])].flatMap((each) =>
          starts.map((start) => start + each),
        ),
      [''],
    );
  if (lead === small)
    return ways.map((each) => tokenMatch({ code: each, ...(system === undefined ? {} : { system }) }));
  const ofSystem: PartTest[] = system === undefined ? [] : [{ nth: 2, test: 'is', text: short(cleared(system)) }];
  return ways.map((start) => ({ start, tests: [{ nth: 1, test: 'same', text: small }, ...ofSystem] }));
};

const tokenMatches = (value: TokenValue): Match[] => {
  const { system, code = '', isCaseless } = value;
  return isCaseless && /[A-Za-z]/.test(code) && code.length <= longest
    ? caselessMatches(system, code)
    : [tokenMatch(value)];
};

const tokenMatch = ({ system, code, leads }: TokenValue): Match => {
  if (leads && code !== undefined) return { start: cleared(code) };
  if (code === undefined) return { start: '', tests: [{ nth: 2, test: 'is', text: short(cleared(system ?? '')) }] };
  return system === undefined ? { start: anySystem(code) } : { exact: tokenWord(system, code) };
};

/** Of the identifier in a reference, behind which the type stands. */
const identifierMatch = ({ system, code }: TokenValue, onlyType: string | undefined): Match => {
  const ofType: PartTest[] = onlyType === undefined ? [] : [{ nth: 3, test: 'is', text: onlyType }];
  if (code === undefined)
    return { start: '', tests: [{ nth: 2, test: 'is', text: short(cleared(system ?? '')) }, ...ofType] };
  if (system === undefined) return { start: anySystem(code), tests: ofType };
  return onlyType === undefined
    ? { start: `${tokenWord(system, code)}${seam}` }
    : { exact: referenceIdentifierWord(system, code, onlyType) };
};

/** Of elements of type code the code alone is stored: which system it is of, their binding says. */
export const impliedMatches = ({ system, code, isCaseless }: TokenValue, sets: readonly CodeSet[]): Match[] => {
  if (system === undefined || system === '') return [];
  return sets.flatMap(({ systems }): Match[] => {
    const codes = Object.hasOwn(systems, system) ? systems[system] : undefined;
    if (codes === undefined) return [];
    if (code !== undefined && isCaseless && codes !== null) {
      const same = codes.filter((each) => each.toLowerCase() === code.toLowerCase());
      return same.map((each) => ({ exact: tokenWord('', each) }));
    }
    if (code !== undefined) return codes === null || codes.includes(code) ? [{ exact: tokenWord('', code) }] : [];
    return codes ? codes.map((each) => ({ exact: tokenWord('', each) })) : [tokenMatch({ system: '' })];
  });
};

const referenceMatches = ({ type, id, version, below }: ReferenceValue, onlyType: string | undefined): Match[] => {
  // What an address elsewhere leads to is told by the address, if at all.
  const isOutside = /[:/]/.test(id);
  const named = isOutside ? referencedType(id) : type;
  if (named !== undefined && onlyType !== undefined && named !== onlyType) return [];
  const wanted = type ?? onlyType;
  if (wanted !== undefined && !isOutside) return [{ exact: referenceWord(wanted, id) }];
  if (!isOutside) return [{ start: anyType(id) }];
  if (version === undefined) return [{ start: anyVersion(id) }];
  const exact = outsideWord(id, version);
  return below ? [{ exact }, { start: `${exact}.` }] : [{ exact }];
};

/** Behind the words of one folded text, and before those of every longer one. */
const behind = '\u0002';

const stringMatches: Readonly<Record<StringMatch, (text: string) => Match>> = {
  equal: (text) => ({ start: `${fold(text)}${seam}` }),
  begins: (text) => ({ start: fold(text) }),
  gt: (text) => ({ from: `${fold(text)}${behind}`, to: after('') }),
  ge: (text) => ({ from: fold(text), to: after('') }),
  lt: (text) => ({ from: '', to: fold(text) }),
  le: (text) => ({ from: '', to: `${fold(text)}${behind}` }),
  exact: (text) => ({ exact: stringWord(text) }),
  start: (text) => ({ start: fold(text).slice(0, longest) }),
  contains: (text) => ({ start: '', tests: [{ nth: 1, test: 'has', text: fold(text) }] }),
  end: (text) => ({ start: '', tests: [{ nth: 1, test: 'ends', text: fold(text) }] }),
};

export const stringMatch = (match: StringMatch, text: string): Match => stringMatches[match](text);

/** R4 search.html#modifiers: what is above an address is what it begins with, segment by segment. */
const addressesAbove = (uri: string): string[] => {
  const [, origin = '', path = ''] = /^([a-z][a-z\d+.-]*:\/\/[^/]*)(.*)$/i.exec(uri) ?? [];
  if (origin === '') return [uri];
  const segments = path.split('/').slice(1);
  return [
    origin,
    ...segments.flatMap((_, count) => {
      const upTo = `${origin}/${segments.slice(0, count + 1).join('/')}`;
      return [upTo, `${upTo}/`];
    }),
  ];
};

const uriMatches = ({ match, values }: Extract<Clause, { kind: 'uri' }>): Match[] => {
  if (match === 'exact') return values.map((uri) => ({ exact: uriWord(uri) }));
  if (match === 'above') return values.flatMap(addressesAbove).map((uri) => ({ exact: uriWord(uri) }));
  return values.flatMap((uri) => [
    { exact: uriWord(uri) },
    { start: uri.endsWith('/') ? cleared(uri) : `${cleared(uri)}/` },
  ]);
};

/** What one element must have, for the kinds of parameter that elements are searched by. */
export const matchesOf = (clause: Clause, units: WordNeeds['units'], onlyType?: string): Match[] | undefined => {
  switch (clause.kind) {
    case 'token':
      return clause.values.flatMap(tokenMatches);
    case 'reference':
      return clause.values.flatMap((value) => referenceMatches(value, onlyType));
    case 'string':
      return clause.values.map((value) => stringMatch(clause.match, value));
    case 'uri':
      return uriMatches(clause);
    case 'number':
      return clause.values.flatMap(numberMatches);
    case 'quantity':
      return clause.values.flatMap((value) => quantityMatches(value, units));
    case 'identifier':
      return clause.values.map((value) => identifierMatch(value, onlyType));
    case 'of-type':
      return clause.values.map(({ system, code, value }) => ({ exact: typedIdentifierWord(system, code, value) }));
    case 'all':
    case 'any':
    case 'chain':
    case 'composite':
    case 'contained':
    case 'date':
    case 'has':
    case 'id':
    case 'in':
    case 'list':
    case 'missing':
    case 'near':
    case 'not':
    case 'subsumed':
    case 'token-text':
    case 'updated':
    case 'words':
      return undefined;
  }
};
