/** Writes a grown tree as the data of an answer, with FHIR's flattening; what does not fit its place becomes an error there. */
import { invalid } from '../../outcome/outcome.ts';
import { blame, type Branch, type Growth, type Grown, type Twig } from './tree.ts';

interface Entry {
  readonly type: string;
  readonly listed: boolean;
  readonly values: unknown[];
  /** Where it came from first. */
  readonly twig: Twig;
}

interface Manner {
  /** Something above was a list and was flattened. */
  readonly listed: boolean;
  /** Something above was flattened: what is absent is left out then. */
  readonly flat: boolean;
  readonly suffix: string;
}

type Entries = Map<string, Entry>;

const upright: Manner = { listed: false, flat: false, suffix: '' };

const valueOf = (growth: Growth, { leaf, branch }: Grown): unknown => (branch ? dataOf(growth, branch) : leaf);

const put = (growth: Growth, entries: Entries, twig: Twig, key: string, listed: boolean, value: unknown): void => {
  const entry = entries.get(key) ?? { type: twig.type, listed, values: [], twig };
  entries.set(key, entry);
  // R4 graphql.html#flattening: what is collated has one type.
  if (entry.type !== twig.type)
    return blame(growth, twig, invalid(key, `${key} collates values of ${entry.type} and of ${twig.type}`));
  if (!entry.listed && entry.values.length > 0)
    return blame(
      growth,
      twig,
      invalid(key, `${key} has more than one value here: it is no @singleton, and needs an alias`),
    );
  entry.values.push(value);
};

const isListed = ({ shape, many }: Twig, manner: Manner): boolean =>
  !shape.singleton && (manner.listed || (many && !shape.first));

const writeTwig = (growth: Growth, entries: Entries, twig: Twig, manner: Manner): void => {
  const { shape, many, grown } = twig;
  if (shape.flatten) {
    const listed = (manner.listed || many) && !shape.singleton;
    for (const { branch, suffix } of grown ?? [])
      if (branch) collate(growth, entries, branch, { listed, flat: true, suffix: manner.suffix + suffix });
    return;
  }
  const listed = isListed(twig, manner);
  for (const each of grown ?? [])
    put(growth, entries, twig, twig.key + manner.suffix + each.suffix, listed, valueOf(growth, each));
  const isAbsent = (grown ?? []).length === 0;
  const key = twig.key + manner.suffix;
  // GraphQL, section 6.4.4: a field that was asked for is in the answer. An empty list is one that was narrowed to nothing.
  if (isAbsent && !manner.flat && !entries.has(key))
    entries.set(key, { type: twig.type, listed: listed && grown !== undefined, values: [], twig });
};

const collate = (growth: Growth, entries: Entries, branch: Branch, manner: Manner): void => {
  for (const twig of branch.twigs) writeTwig(growth, entries, twig, manner);
};

export const dataOf = (growth: Growth, branch: Branch): Record<string, unknown> => {
  const entries: Entries = new Map();
  collate(growth, entries, branch, upright);
  return Object.fromEntries(
    [...entries].map(([key, { listed, values }]) => [key, listed ? values : (values[0] ?? null)]),
  );
};
