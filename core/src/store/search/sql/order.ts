/** The order of a search's answers as SQL: what each key is read from, and which rows stand behind a place. */
import { allOf, anyOf, fence, keysSql, type Context } from './bind.ts';

export interface OfEntries {
  /** `at`: the resource's own date, which is a span too. */
  readonly by: 'word' | 'span' | 'at';
  readonly keys: readonly number[];
  readonly descending: boolean;
  /** Words from here on are taken before all others. */
  readonly rather?: string;
  /** A mark that tells numbers from ranges of them leads the word: it is not part of the order. */
  readonly marked?: true;
  /** Of references: those to this type alone. */
  readonly onlyType?: string;
}

export type SortKey = { readonly by: 'id' | 'updated'; readonly descending: boolean } | OfEntries;

/** Where a page ended: its last row's keys, as texts, and its row id. */
export interface Place {
  readonly keys: readonly (string | null)[];
  readonly rid: number;
}

/** The least value of a resource counts upwards, the greatest downwards. */
const ofEntries = (key: OfEntries, { alias, bind }: Context): string => {
  const { by, keys, descending, rather, marked, onlyType } = key;
  const [least, greatest] = by === 'word' ? ['value', 'value'] : ['low', 'high'];
  const read = (also: (e: string) => string): string => {
    const e = alias('e');
    const column = `${e}.${descending ? greatest : least}`;
    const value = `${descending ? 'max' : 'min'}(${marked ? `substr(${column}, 2)` : column})`;
    const only = onlyType === undefined ? '' : ` and split_part(${e}.value, chr(1), 2) = ${bind(onlyType)}`;
    return `(select ${value} from ${by} ${e} where ${e}.tenant = $1 and ${e}.rid = r.rid and ${keysSql(keys, e, bind)}${only}${also(e)}${fence})`;
  };
  const any = read(() => '');
  return rather === undefined ? any : `coalesce(${read((e) => ` and ${e}.value >= ${bind(rather)}`)}, ${any})`;
};

const typeOf: Readonly<Record<SortKey['by'], string>> = {
  id: 'text',
  updated: 'int8',
  at: 'int8',
  word: 'text',
  span: 'int8',
};

export const keySql = (key: SortKey, context: Context): string => {
  if (key.by === 'word' || key.by === 'span') return ofEntries(key, context);
  if (key.by === 'id') return 'r.id';
  if (key.by === 'updated') return '(extract(epoch from r.updated) * 1000000)::int8';
  // Resources without a date stand behind all others, whichever way they are sorted.
  return 'case when r.at = 0 then null else r.at end';
};

/** Of rows by the name p: a bare k0 could be the text that it is answered as. */
export const orderSql = (keys: readonly SortKey[]): string =>
  [...keys.map(({ descending }, place) => `p.k${place} ${descending ? 'desc' : 'asc'} nulls last`), 'p.rid desc'].join(
    ', ',
  );

/** R4 leaves open where those without a value stand; here they are last. */
const isBehind = (key: SortKey, name: string, value: string | null, bind: Context['bind']): string => {
  if (value === null) return 'false';
  const bound = `${bind(value)}::${typeOf[key.by]}`;
  return anyOf([`${name} ${key.descending ? '<' : '>'} ${bound}`, `${name} is null`]);
};

const isSame = (key: SortKey, name: string, value: string | null, bind: Context['bind']): string =>
  value === null ? `${name} is null` : `${name} = ${bind(value)}::${typeOf[key.by]}`;

export const behindSql = (keys: readonly SortKey[], { keys: values, rid }: Place, { bind }: Context): string =>
  keys.reduceRight<string>(
    (rest, key, place) => {
      const name = `k${place}`;
      const value = values[place] ?? null;
      return anyOf([isBehind(key, name, value, bind), allOf([isSame(key, name, value, bind), rest])]);
    },
    `rid < ${bind(rid)}::int8`,
  );
