/** How an expression is refused: with the column where it goes wrong, and never a value of the resource. */
import { Outcome, tooCostly } from '../../outcome/outcome.ts';

/** Where in the expression: the first character is column 1. */
export type Column = number;

/** The expression itself is wrong. */
export const syntaxFault = (column: Column, diagnostics: string): Outcome =>
  new Outcome(400, [{ severity: 'error', code: 'invalid', diagnostics: `FHIRPath, column ${column}: ${diagnostics}` }]);

/** The expression does not fit the values that it met. */
export const evaluationFault = (column: Column, diagnostics: string): Outcome =>
  new Outcome(422, [
    { severity: 'error', code: 'processing', diagnostics: `FHIRPath, column ${column}: ${diagnostics}` },
  ]);

export const unsupported = (column: Column, what: string): Outcome =>
  new Outcome(422, [
    {
      severity: 'error',
      code: 'not-supported',
      diagnostics: `FHIRPath, column ${column}: ${what} is not supported here`,
    },
  ]);

export const overBudget = (): Outcome =>
  tooCostly('FHIRPath: the expression takes too many steps on this resource: narrow it with where() earlier');
