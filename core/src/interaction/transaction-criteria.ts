/** Refuses a transaction one of whose entries would make what another entry's criteria ask for: whichever came first, the other would have found it. */
import type { EntryRequest } from '../fhir/bundle-entries.ts';
import type { Interaction } from '../fhir/interaction.ts';
import type { Word } from '../store/change.ts';
import type { Condition } from '../store/search/conditions.ts';
import type { Kernel } from './kernel.ts';
import { criteriaQuery } from './matching.ts';
import { twice, type Identified } from './transaction-identities.ts';

type WordsCondition = Extract<Condition, { kind: 'words' }>;

interface Made {
  readonly entry: EntryRequest;
  readonly words: readonly Word[];
}

const nameOf = (param: number, value: string): string => `${param} ${value}`;

const isMet = ({ keys, matches }: WordsCondition, words: readonly Word[]): boolean =>
  words.some(
    ({ param, value }) =>
      keys.includes(param) &&
      matches.some((match) => {
        if (match.tests || match.except || 'from' in match) return false;
        return 'exact' in match ? value === match.exact : value.startsWith(match.start);
      }),
  );

/** As far as words tell: criteria that ask for more are left to the search that has been made already. */
const areMet = (conditions: readonly Condition[], words: readonly Word[]): boolean =>
  conditions.every((condition) => condition.kind === 'words' && isMet(condition, words));

const exactNames = (conditions: readonly Condition[]): string[] => {
  for (const condition of conditions) {
    if (condition.kind !== 'words') continue;
    const names = condition.matches.flatMap((match) =>
      'exact' in match && !match.tests ? condition.keys.map((key) => nameOf(key, match.exact)) : [],
    );
    if (names.length > 0) return names;
  }
  return [];
};

const seeks = ({ entry, found, creates }: Identified): boolean =>
  entry.criteria !== undefined && !found && creates && (entry.verb === 'create' || entry.verb === 'update');

const makes = ({ entry, found }: Identified): boolean =>
  entry.resource !== undefined && !found && (entry.verb === 'create' || entry.verb === 'update');

export const checkCriteria = (kernel: Kernel, { caller }: Interaction, identified: readonly Identified[]): void => {
  const seekers = identified.filter(seeks);
  if (seekers.length === 0) return;
  const { index, conditions: conditionsOf } = kernel.store.searching(caller.tenant);
  const byName = new Map<string, Made[]>();
  for (const { entry } of identified.filter(makes)) {
    if (!entry.resource || entry.type === undefined) continue;
    const { words } = index(entry.type, entry.resource).entries;
    const made = { entry, words };
    for (const { param, value } of words) {
      const name = nameOf(param, value);
      const known = byName.get(name);
      if (known) known.push(made);
      else byName.set(name, [made]);
    }
  }
  for (const { entry } of seekers) {
    const { type = '', criteria = new URLSearchParams(), place } = entry;
    const query = criteriaQuery(kernel, caller, type, criteria);
    const conditions = conditionsOf(query);
    const others = exactNames(conditions).flatMap((name) => byName.get(name) ?? []);
    const same = others.find((other) => other.entry !== entry && areMet(conditions, other.words));
    if (same) throw twice(Math.min(same.entry.place, place), Math.max(same.entry.place, place), 'criteria');
  }
};
