/** Random filters and random words to look for, each as it is written and as a tree of what it means. */
import type { Seeded } from '../../core/test/seeded.ts';
import type { Asked, Wish } from './naive-search.ts';
import { askedDates, numbers, openChoices, systems, urls } from './search-pools.ts';

export const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');

export const openWishes = (random: Seeded) => {
  const { pick, whole } = openChoices(random);
  type Leaf = () => readonly [text: string, wish: Wish];
  const compared = (path: string, operator: string, text: string, [asked, answer]: readonly [string, string]) =>
    [`${path} ${operator} ${text}`, { name: asked, value: answer }] as const;
  const order = () => pick(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']);
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const likeName = (path: string): readonly [string, Wish] => {
    const [operator, modifier] = pick([
      ['co', ':contains'],
      ['sw', ':filter-sw'],
      ...(['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const).map((each) => [each, `:filter-${each}`] as const),
    ]);
    const text = pick(['mul', 'Müller', 'Smith', 'a%b', 'van der', 'x,y']);
    return compared(path, operator, quoted(text), [`${path}${modifier}`, escaped(text)]);
  };
  const dated = (path: string, text: string, operator = order()) =>
    compared(path, operator, text, [path, `${operator}${text}`]);
  const leaves: Readonly<Record<string, readonly Leaf[]>> = {
    Organization: [() => likeName('name'), () => likeName('partof.name')],
    Patient: [
      () => likeName(pick(['family', 'name', 'organization.name'])),
      () =>
        pick(['male', 'FEMALE', 'Male'].map((each) => compared('gender', 'eq', each, ['gender', each.toLowerCase()]))),
      () =>
        pick(
          ['male', 'Female'].map((each) => compared('gender', 'ne', each, ['gender:filter-ne', each.toLowerCase()])),
        ),
      () => dated('birthdate', pick(['1980', '1980-05-17', '1979'])),
      () => pick(['birthdate', 'family'].map((each) => compared(each, 'pr', 'true', [`${each}:missing`, 'false']))),
    ],
    Observation: [
      () => dated('date', pick(askedDates)),
      () => dated('value-quantity', pick(numbers)),
      () => pick(['1', `${systems[0]}|1`].map((each) => compared('code', 'eq', each, ['code', each]))),
      () =>
        pick(
          ['1', `loinc|1`].map((each) =>
            compared('code', 'ne', each, ['code:filter-ne', each.replace('loinc', systems[0] ?? '')]),
          ),
        ),
      () => dated('date', pick(askedDates), pick(['co', 'po'])),
      () => pick(['gluc', 'some'].map((each) => compared('code', 'co', each, ['code:text', each]))),
      () => likeName(pick(['subject.family', 'patient.organization.name', 'value-string'])),
    ],
    RiskAssessment: [() => dated('probability', pick(numbers)), () => dated('date', pick(askedDates))],
    Questionnaire: [() => compared('status', 'eq', 'active', ['status', 'active'])],
    QuestionnaireResponse: [
      () => compared('questionnaire.status', 'eq', 'active', ['questionnaire.status', 'active']),
      () => compared('status', 'eq', 'completed', ['status', 'completed']),
    ],
    ValueSet: [() => pick(urls.map((each) => compared('url', pick(['eq']), quoted(each), ['url', each])))],
  };
  const tree = (leaf: Leaf, deep: number, isFilter = false): readonly [string, Wish] => {
    const kind = deep === 0 ? 3 : whole(4);
    if (kind > 2) return leaf();
    const [[one, first], [other, second]] = [tree(leaf, deep - 1, isFilter), tree(leaf, deep - 1, isFilter)];
    if (kind === 2) return [`not (${one})`, { not: first }];
    // Without brackets from left to right.
    if (isFilter && whole(3) === 0) {
      const [another, third] = leaf();
      return pick([
        [`(${one}) or (${other}) and ${another}`, { all: [{ any: [first, second] }, third] }],
        [`(${one}) and (${other}) or ${another}`, { any: [{ all: [first, second] }, third] }],
      ]);
    }
    return kind === 1
      ? [`((${one}) or (${other}))`, { any: [first, second] }]
      : [`((${one}) and (${other}))`, { all: [first, second] }];
  };
  const filter = (type: string): Asked => {
    const [text, wish] = tree(() => pick(leaves[type] ?? [])(), 2, true);
    return { name: '_filter', value: text, wish };
  };
  const words = (kind: string, from: readonly string[]): Asked => {
    const word: Leaf = () => {
      const text = pick(from);
      return [text.includes(' ') ? `"${text}"` : text, { name: '', value: text }];
    };
    const [text, wish] = tree(word, 2);
    return { name: kind, value: text, wish };
  };
  return { filter, words };
};
