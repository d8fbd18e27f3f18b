/** How a patch is refused: by the place of the operation in the patch and the path that it names, never by a value. */
import { Outcome } from '../../outcome/outcome.ts';

const longestPath = 200;

const shown = (path: string): string => (path.length > longestPath ? `${path.slice(0, longestPath)}…` : path);

const told = (status: 400 | 422, where: string, path: string | undefined, diagnostics: string): Outcome =>
  new Outcome(status, [
    {
      severity: 'error',
      code: status === 400 ? 'invalid' : 'processing',
      diagnostics: `${where}${path === undefined ? '' : ` at ${shown(path)}`}: ${diagnostics}`,
    },
  ]);

/** The patch itself is not well formed. */
export const malformedPatch = (where: string, path: string | undefined, diagnostics: string): Outcome =>
  told(400, where, path, diagnostics);

/** The patch is well formed and does not fit this resource. */
export const unfitPatch = (where: string, path: string | undefined, diagnostics: string): Outcome =>
  told(422, where, path, diagnostics);
