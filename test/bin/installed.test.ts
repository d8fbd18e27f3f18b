/** Proves how the launcher tells a whole installation from a half one, on trees that npm could have left. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isInstalled, missing } from '../../bin/installed.js';
import { fits } from '../../bin/platform.js';
import { planted, type Tree } from '../layers/planted.ts';

const packages = {
  '': { optionalDependencies: { runtime: '1.0.0' } },
  core: { name: '@heddle/core' },
  'node_modules/@heddle/core': { resolved: 'core', link: true },
  'node_modules/koa': { version: '3.3.0' },
  'node_modules/koa/node_modules/vary': { version: '1.1.2' },
  'node_modules/chai': { version: '6.3.0', dev: true },
  'node_modules/elsewhere': { version: '1.0.0', optional: true, os: ['plan9'] },
  'node_modules/here': { version: '1.0.0', optional: true, os: [process.platform] },
};

const manifest = (version: string): string => JSON.stringify({ version });
const lock = JSON.stringify({ packages });

const whole: Tree = {
  'package-lock.json': lock,
  'core/package.json': '{}',
  'node_modules/.package-lock.json': lock,
  'node_modules/@heddle/core/package.json': '{}',
  'node_modules/koa/package.json': manifest('3.3.0'),
  'node_modules/koa/node_modules/vary/package.json': manifest('1.1.2'),
  'node_modules/here/package.json': manifest('1.0.0'),
  'node_modules/chai/package.json': manifest('6.3.0'),
};

const inTree = <Answer>(changes: Tree, question: (root: string) => Answer): Answer => {
  const { root, uproot } = planted({ ...whole, ...changes });
  try {
    return question(root);
  } finally {
    uproot();
  }
};

const without =
  (...paths: string[]) =>
  (root: string) => {
    for (const path of paths) rmSync(join(root, path), { recursive: true });
    return { production: isInstalled(root, false), development: isInstalled(root, true) };
  };

describe('an installation', () => {
  it('made by hand counts when each package is there in the version of the lock file', () => {
    expect(inTree({}, (root) => missing(root, true))).to.deep.equal([]);
    expect(inTree({}, without())).to.deep.equal({ production: true, development: true });
  });

  it('gets a stamp, which is believed as long as neither the lock file nor npm’s record changes', () => {
    inTree({}, (root) => {
      expect(isInstalled(root, true)).to.equal(true);
      expect(existsSync(join(root, 'node_modules/.heddle-installed.json'))).to.equal(true);
      rmSync(join(root, 'node_modules/koa'), { recursive: true });
      expect(isInstalled(root, true), 'before npm came by').to.equal(true);
      writeFileSync(join(root, 'node_modules/.package-lock.json'), `${lock} `);
      expect(isInstalled(root, true), 'after npm came by').to.equal(false);
    });
  });

  it('without development packages serves a start and no test, though npm’s record names them', () => {
    expect(inTree({}, without('node_modules/chai'))).to.deep.equal({ production: true, development: false });
  });

  it('does not count when npm did not come to its end', () => {
    expect(inTree({}, without('node_modules/.package-lock.json'))).to.deep.equal({
      production: false,
      development: false,
    });
  });

  it('does not count without a nested package, a workspace’s link, or an optional package of this platform', () => {
    for (const path of ['node_modules/koa/node_modules/vary', 'node_modules/@heddle/core', 'node_modules/here'])
      expect(inTree({}, without(path)), path).to.deep.equal({ production: false, development: false });
  });

  it('does not count in another version', () => {
    expect(
      inTree({ 'node_modules/koa/package.json': manifest('3.2.0') }, (root) => missing(root, false)),
    ).to.deep.equal(['node_modules/koa']);
  });

  it('cannot be judged without a lock file', () => {
    expect(() => inTree({}, without('package-lock.json'))).to.throw(/package-lock.json is missing.*git checkout/);
  });
});

describe('a package for some platforms', () => {
  const { platform, arch } = process;
  const suits = (wanted: { os?: string | string[]; cpu?: string | string[]; libc?: string[] }): boolean =>
    fits({ os: undefined, cpu: undefined, libc: undefined, ...wanted });

  it('fits by the rules of npm', () => {
    expect(suits({})).to.equal(true);
    expect(suits({ os: [platform], cpu: [arch] })).to.equal(true);
    expect(suits({ os: platform, cpu: 'pdp11' })).to.equal(false);
    expect(suits({ os: ['!plan9'] })).to.equal(true);
    expect(suits({ os: [`!${platform}`] })).to.equal(false);
    expect(suits({ libc: ['glibc'] })).to.not.equal(suits({ libc: ['musl'] }));
  });
});
