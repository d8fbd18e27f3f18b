/** `npm run search:prove -- 50000`: asks so many random searches of the database, of the evaluator in memory and of the naive reference; refuses what is no number. */
import { join } from 'node:path';
import { runNode } from './run/child.ts';

const root = join(import.meta.dirname, '..');

export const main = async ([count = '20000']: readonly string[]): Promise<number> => {
  if (!/^[1-9]\d{0,7}$/.test(count)) {
    console.error('usage: npm run search:prove -- <how many searches>');
    return 2;
  }
  process.env['ROUNDS'] = count;
  const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
  const args = [
    mocha,
    '--no-config',
    '--no-package',
    '--timeout',
    '60000',
    'test/conformance/search-agreement.test.ts',
  ];
  const { code } = await runNode({ args, cwd: root, shown: true });
  return code ?? 1;
};
