/** A number kept as the text it was written in, because a JavaScript number would lose its digits; JSON.stringify writes that text. */

export interface WrittenNumber {
  readonly rawJSON: string;
}

// TypeScript's library does not know these two yet; Node 24 has them.
const json = JSON as typeof JSON & {
  readonly rawJSON: (text: string) => WrittenNumber;
  readonly isRawJSON: (value: unknown) => value is WrittenNumber;
};

export const writtenNumber = (text: string): WrittenNumber => json.rawJSON(text);

export const isWrittenNumber = (value: unknown): value is WrittenNumber => json.isRawJSON(value);
