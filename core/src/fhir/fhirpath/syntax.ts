/** The tree of a parsed FHIRPath expression, as data; knows nothing of what it means. */
import type { Column } from './faults.ts';

export type BinaryOperator =
  | 'implies'
  | 'or'
  | 'xor'
  | 'and'
  | 'in'
  | 'contains'
  | '='
  | '~'
  | '!='
  | '!~'
  | '<'
  | '>'
  | '<='
  | '>='
  | '|'
  | '+'
  | '-'
  | '&'
  | '*'
  | '/'
  | 'div'
  | 'mod';

/** `FHIR.Patient`, `System.String` or a name alone. */
export interface TypeName {
  readonly space: 'FHIR' | 'System' | undefined;
  readonly name: string;
}

export interface Literal {
  readonly kind: 'literal';
  readonly type: 'boolean' | 'string' | 'number' | 'date' | 'dateTime' | 'time' | 'quantity';
  readonly text: string;
  /** Of a quantity. */
  readonly unit?: string;
  /** The unit is a keyword of the calendar, such as `year`. */
  readonly calendar?: boolean;
  readonly column: Column;
}

export interface Member {
  readonly kind: 'member';
  readonly on: Syntax | undefined;
  readonly name: string;
  readonly column: Column;
}

export interface Call {
  readonly kind: 'call';
  readonly on: Syntax | undefined;
  readonly name: string;
  readonly arguments: readonly Syntax[];
  readonly column: Column;
}

export interface TypeTest {
  readonly kind: 'type';
  readonly operator: 'is' | 'as';
  readonly on: Syntax;
  readonly type: TypeName;
  readonly column: Column;
}

export interface Binary {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Syntax;
  readonly right: Syntax;
  readonly column: Column;
}

export type Syntax =
  | { readonly kind: 'empty' }
  | Literal
  | Member
  | Call
  | TypeTest
  | Binary
  | { readonly kind: 'variable'; readonly name: string; readonly column: Column }
  | { readonly kind: 'special'; readonly name: '$this' | '$index' | '$total' }
  | { readonly kind: 'index'; readonly on: Syntax; readonly index: Syntax; readonly column: Column }
  | { readonly kind: 'sign'; readonly negative: boolean; readonly operand: Syntax; readonly column: Column };
