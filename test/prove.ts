/** `npm run search:prove -- 50000`, `npm run policy:prove -- 50000`: asks so many random cases of a property test; refuses what is no number. */
import { join } from 'node:path';
import { runNode } from './run/child.ts';

const root = join(import.meta.dirname, '..');

const files: Readonly<Record<string, string>> = {
  search: 'test/conformance/search-agreement.test.ts',
  policy: 'test/policies/fuzz.test.ts',
};

export const main = async ([what = '', count = '20000']: readonly string[]): Promise<number> => {
  const file = Object.hasOwn(files, what) ? files[what] : undefined;
  if (file === undefined || !/^[1-9]\d{0,7}$/.test(count)) {
    console.error(`usage: npm run ${Object.keys(files).join('|')}:prove -- <how many cases>`);
    return 2;
  }
  process.env['ROUNDS'] = count;
  const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
  const args = [mocha, '--no-config', '--no-package', '--timeout', '60000', file];
  const { code } = await runNode({ args, cwd: root, shown: true });
  return code ?? 1;
};
