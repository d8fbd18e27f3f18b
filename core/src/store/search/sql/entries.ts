/** The entries of the index that satisfy a condition by themselves: as selects, one for each way to match. */
import type { Condition } from '../conditions.ts';
import { fence, keysSql, type Context } from './bind.ts';
import { nearArm, spanArms, wordArms } from './matches.ts';

export type Of<K extends Condition['kind']> = Extract<Condition, { kind: K }>;

/** `also` adds what is asked of each entry. */
export const selects = (
  table: 'word' | 'span',
  columns: (alias: string) => string,
  keys: readonly number[],
  also: (alias: string) => string,
  arms: (alias: string) => readonly string[],
  { alias, bind }: Context,
): string => {
  const name = alias(table.charAt(0));
  return arms(name)
    .map(
      (arm) =>
        `select ${columns(name)} from ${table} ${name} where ${name}.tenant = $1 and ${keysSql(keys, name, bind)} and ${arm}${also(name)}`,
    )
    .join(' union all ');
};

export type Columns = (alias: string) => string;

export const wordsSql = (
  { keys, matches }: Pick<Of<'words'>, 'keys' | 'matches'>,
  columns: Columns,
  also: Columns,
  context: Context,
): string => selects('word', columns, keys, also, (name) => wordArms(matches, name, context.bind), context);

export const spansSql = ({ keys, values }: Of<'spans'>, columns: Columns, also: Columns, context: Context): string =>
  selects('span', columns, keys, also, (name) => values.flatMap((value) => spanArms(value, name, context)), context);

export const nearSql = ({ key, values }: Of<'near'>, columns: Columns, also: Columns, context: Context): string =>
  selects('word', columns, [key], also, (name) => values.map((value) => nearArm(value, name, context.bind)), context);

export const one: Columns = () => '1';

export const exists = (select: string): string => `exists (${select}${fence})`;

/** The other parts of the element that `first` belongs to. */
const besides = (parts: Of<'element'>['parts'], first: string, context: Context): string =>
  parts
    .map(({ key, matches }) => {
      const sameElement: Columns = (name) => ` and ${name}.rid = ${first}.rid and ${name}.at = ${first}.at`;
      return ` and ${exists(wordsSql({ keys: [key], matches }, one, sameElement, context))}`;
    })
    .join('');

export const elementSql = ({ parts }: Of<'element'>, columns: Columns, also: Columns, context: Context): string => {
  const [first, ...rest] = parts;
  if (!first) return `select null where false`;
  return wordsSql(
    { keys: [first.key], matches: first.matches },
    columns,
    (name) => `${also(name)}${besides(rest, name, context)}`,
    context,
  );
};
