/** Proves each rule of the house by breaches planted for it, and that what only looks like a breach is left alone. */
import { expect } from 'chai';
import { houseFaults, rules } from './house.ts';
import { planted, type Tree } from './planted.ts';

const opening = '/** Stands here to break one rule of the house and no other. */';
/** Put together here, so that this file does not break the rule itself. */
const machinePath = ['', 'work', 'main'].join('/');

interface Plant {
  readonly rule: string;
  readonly path: string;
  readonly breach?: string;
}

const inFile = (rule: string, ...breaches: string[]): Plant[] =>
  breaches.map((breach, index) => ({ rule, path: `core/src/store/${rule}-${index}.ts`, breach }));

const named = (rule: string, ...paths: string[]): Plant[] => paths.map((path) => ({ rule, path }));

const plants: readonly Plant[] = [
  ...inFile(
    'environment',
    'const home = process.env.HOME;',
    "import { env } from 'node:process';",
    'const a = `${process.env["A"]}`;',
  ),
  { rule: 'environment', path: 'plugins/lab/environment.ts', breach: "const home = process.env['HOME'];" },
  { rule: 'environment', path: 'portal/environment.ts', breach: 'const mode = process.env.MODE;' },
  ...inFile('no-class', 'class Store {}', 'export const Store = class { find() {} };', 'class Old extends Store {}'),
  ...inFile('one-error-type', 'class StoreError extends Error {}'),
  ...named(
    'file-name',
    'core/src/store/utils.ts',
    'plugins/lab/helpers/rows.ts',
    'adapters/hl7/hl7-manager.ts',
    'core/src/store/types.ts',
  ),
  { rule: 'opening', path: 'core/src/store/unopened.ts', breach: '' },
  { rule: 'opening', path: 'plugins/lab/opened-late.ts', breach: '' },
  { rule: 'length', path: 'core/src/store/long.ts', breach: 'export {};\n'.repeat(400) },
  ...inFile('clock-and-chance', 'const now = Date.now();', 'const now = new Date();', 'const luck = Math.random();'),
  ...inFile('clock-and-chance', "import { randomUUID } from 'node:crypto';").map((plant) => ({
    ...plant,
    path: 'plugins/lab/ids.ts',
  })),
  ...named('whole-tests').concat(
    ['it.only("x", f);', 'describe.skip("x", f);', 'function f() { this.skip(); }', 'xit("x", f);'].map(
      (breach, index) => ({
        rule: 'whole-tests',
        path: `core/test/store/${index}.test.ts`,
        breach,
      }),
    ),
  ),
  ...inFile(
    'empty-catch',
    'try { f(); } catch {}',
    'try { f(); } catch (e) { /* never mind */ }',
    'void f().catch(() => {});',
  ),
  ...inFile(
    'no-escape',
    'const a = b as any;',
    'const a = (b: any) => b;',
    'const a: Map<string, any> = b;',
    'const a = b as unknown as Row;',
  ),
  ...inFile('no-silencing', '// @ts-ignore', '// @ts-expect-error it is so'),
  ...inFile('import-by-statement', "const a = (b: import('./b.ts').B) => b;", "type A = typeof import('./a.ts');"),
  ...inFile('machine-path', `const home = '${machinePath}/core';`),
  ...named('door', 'core/src/store/index.ts', 'plugins/lab/index.ts', 'portal/index.tsx'),
  { rule: 'requires', path: 'plugins/lab/asks-billing.ts', breach: "import { prices } from '../billing/contract.ts';" },
  {
    rule: 'requires',
    path: 'adapters/hl7/asks-lab.ts',
    breach: "import { lab } from '@heddle/plugin-lab/contract.ts';",
  },
];

const withoutOpening: Tree = {
  'core/src/store/unopened.ts': '// A remark is no opening, however long it may be.\nexport {};\n',
  'plugins/lab/opened-late.ts': `export {};\n${opening}\n`,
};

const file = (...lines: string[]): string => [opening, ...lines, ''].join('\n');

const soundHouse: Tree = {
  'core/src/config/load.ts': file('export const load = (environment = process.env) => environment;'),
  'core/src/outcome/outcome.ts': file('export class Outcome extends Error {}'),
  'core/src/boot/effects.ts': file(
    "import { randomBytes } from 'node:crypto';",
    'export const now = () => Date.now() + randomBytes(1)[0];',
  ),
  'core/src/fhir/types.ts': file('export type Encounter = { readonly class: string };'),
  'core/src/fhir/resource-types.ts': file('export const ofClass = (encounter: Encounter) => encounter.class;'),
  'core/src/index.ts': file("export { now } from './boot/effects.ts';"),
  'core/src/store/looks-like-it.ts': file(
    '// process.env, class Store {}, Date.now(), as any, catch {} in a remark are only words.',
    "const words = 'process.exit, class Store {}, as any, catch {}, it.only(';",
    'const pattern = /["\'`]class Store {}/; // and so are those in a regular expression',
    'const at = new Date(row.at); const many = { any: 1 }; const company: Company = any(many);',
    'const url = `/fhir/${type}/home/${id}` + "/realms/work/";',
    'try { f(); } catch { g(); }',
    "const late = (await import('./late.ts')).Late;",
  ),
  'core/test/store/store.test.ts':
    "it('reads', () => { const only = process.env.SEED ?? Math.random(); skip(only); });\n",
  'bin/heddle.js':
    '#!/usr/bin/env node\n/** Starts what there is to start, and nothing else. */\nconst a = process.env.PATH;\n',
  'plugins/lab/plugin.ts': file(
    "export const lab = definePlugin({ name: 'lab', requires: { core: '^1', 'bill-ing': '^1' } });",
  ),
  'plugins/lab/prices.ts': file(
    "import { prices } from '../bill/contract.ts';",
    "import { own } from './contract.ts';",
  ),
  'plugins/lab/package.json': JSON.stringify({ name: '@heddle/plugin-lab' }),
  'plugins/bill/plugin.ts': file(
    "const first = { name: 'no' };",
    "export const bill = definePlugin({ name: 'bill-ing' });",
  ),
};

const faultsIn = (tree: Tree): string[] => {
  const { root, uproot } = planted(tree);
  try {
    return houseFaults(root).map(({ rule, path, line }) => `${path}:${line} ${rule}`);
  } finally {
    uproot();
  }
};

describe('the rules of the house', () => {
  it('leave alone what only looks like a breach', () => {
    expect(faultsIn(soundHouse)).to.deep.equal([]);
  });

  it('show each breach that is planted, in its place, and nothing else', () => {
    const breaches = Object.fromEntries(plants.map(({ path, breach = 'export {};' }) => [path, file(breach)]));
    const wholeFile = ['file-name', 'opening', 'length', 'door'];
    const meant = plants.map(({ rule, path }) => `${path}:${wholeFile.includes(rule) ? 1 : 2} ${rule}`);
    expect(faultsIn({ ...soundHouse, ...breaches, ...withoutOpening }).toSorted()).to.deep.equal(meant.toSorted());
  });

  it('are each proven by a plant', () => {
    const proven = new Set(plants.map(({ rule }) => rule));
    expect(rules.map(({ name }) => name).filter((name) => !proven.has(name))).to.deep.equal([]);
  });
});
