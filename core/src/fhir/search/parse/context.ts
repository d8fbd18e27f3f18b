/** What the reading of a search needs to know besides the search, and how far it may branch. */
import { tooMuch } from '../../../outcome/outcome.ts';
import type { SearchParameter } from '../../search-parameter.ts';
import type { FoundTypes } from '../found-types.ts';
import type { Parameters } from '../query.ts';

export interface ParseContext {
  readonly parametersOf: (type: string) => Parameters;
  /** Without it no parameter is taken for one of canonical addresses. */
  readonly foundTypes?: FoundTypes;
  /** This server's own address. */
  readonly base: string;
}

export interface Reading extends ParseContext {
  /** To be called for each type that a reference may lead to. */
  readonly follow: (name: string) => void;
}

/** One step to any of R4's types, and some more. Each is a branch of the statement; untyped steps multiply. */
const mostBranches = 250;

export const readingOf = (context: ParseContext): Reading => {
  let branches = 0;
  return {
    ...context,
    follow: (name) => {
      if (++branches > mostBranches)
        throw tooMuch(
          `${name.slice(0, 200)} may lead to too many types: name them, as in subject:Patient.name`,
          name.slice(0, 200),
        );
    },
  };
};

export const isCanonical = ({ foundTypes }: ParseContext, type: string, parameter: SearchParameter): boolean =>
  parameter.type === 'reference' && (foundTypes?.(type, parameter).has('canonical') ?? false);
