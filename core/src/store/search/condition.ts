/** What a search asks of the index tables, as data. */
import type { DateValue, NearValue } from '../../fhir/search/query.ts';
import type { TextTest } from '../../fhir/search/text-query.ts';
import type { Order } from '../index/parameter-table.ts';
import type { Match } from './match.ts';

/** Keys of one table under which a parameter's entries stand. */
export interface Place {
  readonly table: 'word' | 'span';
  readonly keys: readonly number[];
}

export interface PartCondition {
  readonly key: number;
  readonly matches: readonly Match[];
}

export interface ArmCondition {
  readonly type: string;
  readonly condition: Condition;
}

export type Condition =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'updated'; readonly values: readonly DateValue[] }
  | {
      readonly kind: 'words';
      readonly keys: readonly number[];
      readonly order: Order;
      readonly matches: readonly Match[];
      /** Few resources have the same. */
      readonly narrow?: boolean;
    }
  | { readonly kind: 'spans'; readonly keys: readonly number[]; readonly values: readonly DateValue[] }
  | { readonly kind: 'near'; readonly key: number; readonly values: readonly NearValue[] }
  | { readonly kind: 'present'; readonly place: Place }
  /** One and the same element has all parts. */
  | { readonly kind: 'element'; readonly parts: readonly PartCondition[] }
  /** A reference of these keys leads to a resource that satisfies an arm. */
  | {
      readonly kind: 'chain';
      readonly keys: readonly number[];
      readonly arms: readonly ArmCondition[];
      /** The references may be canonical addresses. */
      readonly isCanonical: boolean;
    }
  /** The same, of resources that are contained beside the reference. */
  | { readonly kind: 'contained'; readonly keys: readonly number[]; readonly arms: readonly ArmCondition[] }
  /** A reference of these keys in a resource that satisfies the arm leads here. */
  | {
      readonly kind: 'has';
      readonly keys: readonly number[];
      readonly arm: ArmCondition;
      readonly isCanonical: boolean;
    }
  /** The text of the resource has the words: looked for behind all else. */
  | { readonly kind: 'text'; readonly where: Where; readonly tests: readonly TextTest[] }
  | { readonly kind: 'all' | 'any'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition };

/** A part of the resource whose words are compared: its narrative, all of it, or what a token parameter shows to people. */
export type Where = 'narrative' | 'content' | { readonly shown: string };
