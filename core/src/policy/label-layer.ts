/** Hides what is marked as restricted or very restricted from all roles that the table does not name for it. */
import type { Caller } from '../fhir/interaction.ts';
import type { Clause } from '../fhir/search/query.ts';
import type { Layer, Way } from './access.ts';

const system = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

/** Label → roles that see what bears it. A label that is not named hides nothing. */
export type Labels = Readonly<Record<string, readonly string[]>>;

export const labelLayer = (labels: Labels): Layer => {
  const hiddenFrom = ({ roles }: Pick<Caller, 'roles'>): string[] =>
    Object.keys(labels).filter((label) => !labels[label]?.some((role) => roles.includes(role)));

  const made = new Map<string, readonly [Way]>();
  const wayWithout = (codes: readonly string[]): readonly [Way] => {
    const key = codes.join();
    const known = made.get(key);
    if (known) return known;
    const labelled: Clause = { kind: 'token', code: '_security', values: codes.map((code) => ({ system, code })) };
    const way: Way = {
      clause: { kind: 'not', clause: labelled },
      // Nearly everything bears no label at all.
      surely: ({ tail }) => !tail.includes(system),
    };
    made.set(key, [way]);
    return [way];
  };

  return {
    isWhole: (caller) => hiddenFrom(caller).length === 0,
    sight: async (caller) => {
      const codes = hiddenFrom(caller);
      return codes.length === 0 ? undefined : wayWithout(codes);
    },
  };
};
