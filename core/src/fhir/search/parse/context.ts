/** What the reading of a search needs to know besides the search. */
import type { Parameters } from '../query.ts';

export interface ParseContext {
  readonly parametersOf: (type: string) => Parameters;
  /** This server's own address. */
  readonly base: string;
}
