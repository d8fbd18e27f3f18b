/** What a search value asks of one word of an index: a piece of its order, and tests of its parts where the order cannot tell; knows no SQL. */

/** A part of a word, between its seams, counted from 1. */
export interface PartTest {
  readonly nth: number;
  /** `same`: whatever the case of its letters of ASCII; the text is in small ones. */
  readonly test: 'is' | 'same' | 'has' | 'ends' | 'below' | 'atLeast';
  readonly text: string;
}

export type Match = (
  | { readonly exact: string }
  | { readonly start: string }
  /** At or behind `from`, and before `to`. */
  | { readonly from: string; readonly to: string }
) & {
  readonly tests?: readonly PartTest[];
  /** None of these. */
  readonly except?: readonly Match[];
};
