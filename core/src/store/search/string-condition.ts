/** What a string search asks of the index, also of strings that are longer than an entry: those are looked for in the pieces that are kept beside them. */
import type { Clause } from '../../fhir/search/query.ts';
import { fold } from '../../fhir/search/fold.ts';
import { besideKey } from '../index/parameter-key.ts';
import { pieceWord, tailWord } from '../index/words.ts';
import type { Condition } from './condition.ts';
import type { Match } from './match.ts';
import { stringMatch } from './value-matches.ts';

type Strings = Extract<Clause, { kind: 'string' }>;

const pieceHas = (text: string): Match => ({ start: pieceWord(''), tests: [{ nth: 2, test: 'has', text }] });
const tailIs = (text: string): Match => ({ start: tailWord(''), tests: [{ nth: 2, test: 'ends', text }] });

export const stringCondition = (
  { match, values, unequal }: Strings,
  words: Omit<Extract<Condition, { kind: 'words' }>, 'matches'>,
  /** Where the further parts of family names are. */
  partKeys: readonly number[],
): Condition => {
  const whole = { ...words, matches: values.map((text) => stringMatch(match, text)) };
  if (unequal) return { ...words, matches: [{ start: '', except: whole.matches }] };
  if (match === 'start' && partKeys.length > 0) return { ...whole, keys: [...words.keys, ...partKeys] };
  if (match !== 'contains' && match !== 'end') return whole;
  const inPiece = match === 'end' ? tailIs : pieceHas;
  const matches = values.map((text) => inPiece(fold(text)));
  return {
    kind: 'any',
    conditions: [whole, { kind: 'words', keys: words.keys.map(besideKey), order: 'plain', matches }],
  };
};
