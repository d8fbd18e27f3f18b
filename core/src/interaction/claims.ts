/** The names that a conditional create locks, so that no two make a resource that each one's criteria should have found. */
import type { Query } from '../fhir/search/query.ts';
import type { Resource } from '../fhir/body.ts';
import type { Condition } from '../store/search/conditions.ts';
import type { Claim } from '../store/unit.ts';
import type { Searching } from '../store/searching.ts';

const wordName = (key: number, value: string): string => `word ${key} ${value}`;

/** One equal value is enough: whatever matches the criteria has it. */
const equalName = (condition: Condition): string[] => {
  if (condition.kind !== 'words' || condition.matches.length !== 1) return [];
  const [match] = condition.matches;
  return match && 'exact' in match && !match.tests ? condition.keys.map((key) => wordName(key, match.exact)) : [];
};

/** More than this would fill the lock table of the database: the type as a whole is locked then. */
const mostNames = 2_000;

/** The criterion's own name exclusively, the names of what may be made shared; the type itself where the criteria have no equal value. */
export const claimsOf = ({ conditions, index }: Searching, query: Query, resource: Resource): Claim[] => {
  const { type } = query;
  const names = conditions(query)
    .map(equalName)
    .find((each) => each.length > 0);
  if (!names) return [{ name: `type ${type}`, exclusive: true }];
  const own = index(type, resource).entries.words.map(({ param, value }) => wordName(param, value));
  return [
    { name: `type ${type}`, exclusive: false },
    ...names.map((name) => ({ name, exclusive: true })),
    ...own.filter((name) => !names.includes(name)).map((name) => ({ name, exclusive: false })),
  ];
};

export const bounded = (claims: readonly Claim[]): readonly Claim[] => {
  if (claims.length <= mostNames) return claims;
  return claims.filter(({ name }) => name.startsWith('type ')).map(({ name }) => ({ name, exclusive: true }));
};
