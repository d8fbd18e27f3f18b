/** What a search asks for, as data: clauses that a resource must satisfy, all of them; knows nothing of how names and values are written or stored. */
import type { Decimal } from '../decimal.ts';
import type { SearchParameter } from '../search-parameter.ts';
import type { Range } from './date-range.ts';

export const prefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type Prefix = (typeof prefixes)[number];

export interface TokenValue {
  /** Undefined: any system. Empty: none. */
  readonly system?: string;
  /** Undefined: any code of the system. */
  readonly code?: string;
  /** Every code that begins so. */
  readonly leads?: true;
  /** Of whichever case its letters of ASCII are. */
  readonly isCaseless?: true;
}

/** An identifier with the type that it must have. */
export interface TypedIdentifier {
  readonly system: string;
  readonly code: string;
  readonly value: string;
}

export interface ReferenceValue {
  readonly type?: string;
  /** An id of this server, or an address outside of it. */
  readonly id: string;
  /** Of a canonical address. */
  readonly version?: string;
  /** Its versions below this one, as 1.2 is below 1. */
  readonly below?: true;
}

/** Beside the prefixes what _filter asks of periods: that one contains the value, that both overlap. */
export type DatePrefix = Prefix | 'co' | 'po';

export interface DateValue extends Range {
  readonly prefix: DatePrefix;
}

export interface NumberValue {
  readonly prefix: Prefix;
  readonly value: Decimal;
  /** What the written digits stand for: from low, up to and without high. */
  readonly low: Decimal;
  readonly high: Decimal;
}

export interface QuantityValue extends NumberValue {
  /** Undefined: whichever. Empty: no system was said, only a unit. */
  readonly system?: string;
  readonly code?: string;
}

export interface NearValue {
  readonly latitude: number;
  readonly longitude: number;
  readonly kilometres: number;
}

/** The last six are those of _filter: `begins` is `start` without the further parts of family names. */
export type StringMatch = 'start' | 'exact' | 'contains' | 'end' | 'equal' | 'begins' | 'gt' | 'ge' | 'lt' | 'le';
export type UriMatch = 'exact' | 'above' | 'below';

interface Unequal {
  /** An item is none of these. */
  readonly unequal?: true;
}

/** Values of one clause are alternatives. */
export type Clause =
  | { readonly kind: 'id'; readonly ids: readonly string[] }
  | { readonly kind: 'updated'; readonly values: readonly DateValue[] }
  | ({ readonly kind: 'token'; readonly code: string; readonly values: readonly TokenValue[] } & Unequal)
  /** To be replaced by the tokens of the value sets before anything is found. */
  | { readonly kind: 'in'; readonly code: string; readonly valueSets: readonly string[] }
  /** To be replaced by the tokens above or below these. */
  | {
      readonly kind: 'subsumed';
      readonly code: string;
      readonly direction: 'above' | 'below';
      readonly values: readonly TokenValue[];
    }
  | { readonly kind: 'token-text'; readonly code: string; readonly values: readonly string[] }
  | { readonly kind: 'of-type'; readonly code: string; readonly values: readonly TypedIdentifier[] }
  | ({
      readonly kind: 'reference';
      readonly code: string;
      readonly values: readonly ReferenceValue[];
      /** To be replaced by all that is above or below these in the hierarchy of their types. */
      readonly direction?: 'above' | 'below';
    } & Unequal)
  | { readonly kind: 'identifier'; readonly code: string; readonly values: readonly TokenValue[] }
  | ({
      readonly kind: 'string';
      readonly code: string;
      readonly match: StringMatch;
      readonly values: readonly string[];
    } & Unequal)
  | ({
      readonly kind: 'uri';
      readonly code: string;
      readonly match: UriMatch;
      readonly values: readonly string[];
    } & Unequal)
  | { readonly kind: 'date'; readonly code: string; readonly values: readonly DateValue[] }
  | { readonly kind: 'number'; readonly code: string; readonly values: readonly NumberValue[] }
  | { readonly kind: 'quantity'; readonly code: string; readonly values: readonly QuantityValue[] }
  | { readonly kind: 'near'; readonly code: string; readonly values: readonly NearValue[] }
  /** Each value: one clause for each part, which one and the same element must satisfy. */
  | { readonly kind: 'composite'; readonly code: string; readonly values: readonly (readonly Clause[])[] }
  | { readonly kind: 'missing'; readonly code: string; readonly missing: boolean }
  /** A resource that is contained in this one is of an arm's type and satisfies its clause. */
  | { readonly kind: 'contained'; readonly arms: readonly Arm[] }
  /** The resource refers by `code` to one of these types that satisfies the clause. */
  | { readonly kind: 'chain'; readonly code: string; readonly arms: readonly Arm[] }
  /** Some resource of `type` that satisfies the clause refers to this one by `code`. */
  | { readonly kind: 'has'; readonly code: string; readonly arm: Arm }
  /** A List of this id names the resource as an item. */
  | { readonly kind: 'list'; readonly ids: readonly string[] }
  /** The words stand in the narrative, or anywhere in the text of the resource. */
  | { readonly kind: 'words'; readonly where: 'narrative' | 'content'; readonly values: readonly string[] }
  | { readonly kind: 'all' | 'any'; readonly clauses: readonly Clause[] }
  | { readonly kind: 'not'; readonly clause: Clause };

export interface Arm {
  readonly type: string;
  readonly clause: Clause;
}

export interface Query {
  readonly type: string;
  readonly clauses: readonly Clause[];
}

/** The parameters of a type by their codes. */
export type Parameters = ReadonlyMap<string, SearchParameter>;
