/** What a string search asks of the index, also of strings that are longer than an entry: those are looked for in the pieces that are kept beside them. */
import type { Clause } from '../../fhir/search/query.ts';
import { fold } from '../../fhir/search/fold.ts';
import { besideKey } from '../index/parameter-key.ts';
import { longest, overlap, pieceWord, tailWord } from '../index/words.ts';
import type { Condition } from './condition.ts';
import type { Match } from './match.ts';
import { stringMatch } from './value-matches.ts';

type Strings = Extract<Clause, { kind: 'string' }>;

const pieceHas = (text: string): Match => ({ start: pieceWord(''), tests: [{ nth: 2, test: 'has', text }] });
const tailIs = (text: string): Match => ({ start: tailWord(''), tests: [{ nth: 2, test: 'ends', text }] });

/** Of a text that is longer than what any piece surely holds, both ends are looked for: that two long strings have both and differ is nothing that people write. */
const inPieces = (text: string): readonly Match[] =>
  text.length <= overlap ? [pieceHas(text)] : [pieceHas(text.slice(0, overlap)), pieceHas(text.slice(-overlap))];

export const stringCondition = (
  { match, values }: Strings,
  words: Omit<Extract<Condition, { kind: 'words' }>, 'matches'>,
): Condition => {
  const whole = (texts: readonly string[]): Condition => ({
    ...words,
    matches: texts.map((text) => stringMatch(match, text)),
  });
  const isLong = (text: string): boolean => match === 'start' && fold(text).length > longest;
  if (match === 'exact' || (match === 'start' && !values.some(isLong))) return whole(values);
  const keys = words.keys.map(besideKey);
  const beside = (found: readonly Match[]): Condition => ({
    kind: 'all',
    conditions: found.map((each) => ({ kind: 'words', keys, order: 'plain', matches: [each] })),
  });
  const ofLong = (text: string): Condition => {
    const folded = fold(text);
    if (match === 'end') return beside([tailIs(folded.slice(-overlap))]);
    if (match === 'contains') return beside(inPieces(folded));
    return isLong(text) ? { kind: 'all', conditions: [whole([text]), beside(inPieces(folded))] } : whole([text]);
  };
  const plain = match === 'start' ? [] : [whole(values)];
  return { kind: 'any', conditions: [...plain, ...values.map(ofLong)] };
};
