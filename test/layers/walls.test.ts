/** Proves each wall by a breach planted for it in a miniature house, and that a house without breaches stands. */
import { dirname, relative } from 'node:path/posix';
import { expect } from 'chai';
import { survey, unreadFiles, type Survey } from './cruise.ts';
import { planted, type Tree } from './planted.ts';
import { floors, rooms, walls } from './walls.ts';

interface Plant {
  readonly wall: string;
  readonly from: string;
  /** What stands in the import; a path of the tree becomes a relative one. */
  readonly imports: string;
  readonly to?: string;
  readonly typeOnly?: boolean;
}

const storePackage = 'node_modules/pg/index.js';
const aboveEachFloor = floors.slice(0, -1).flatMap((floor, height): Plant[] =>
  floor.flatMap((lower) =>
    [...(floors[height + 1] ?? []), ...floor.filter((room) => room !== lower)].map((upper) => ({
      wall: `floor-${lower}`,
      from: `core/src/${lower}/reaches-${upper}.ts`,
      imports: `core/src/${upper}/room.ts`,
      typeOnly: height % 2 === 1,
    })),
  ),
);

const plants: readonly Plant[] = [
  ...aboveEachFloor,
  { wall: 'floor-outcome', from: 'core/src/outcome/reaches-roof.ts', imports: 'core/src/testing/index.ts' },
  { wall: 'koa-in-http', from: 'core/src/plugin/mounts.ts', imports: 'koa', to: 'node_modules/koa/index.js' },
  {
    wall: 'koa-in-http',
    from: 'core/src/plugin/routes.ts',
    imports: '@koa/router',
    to: 'node_modules/@koa/router/index.js',
    typeOnly: true,
  },
  {
    wall: 'typeorm-and-pg-in-store',
    from: 'core/src/jobs/queries.ts',
    imports: 'pg',
    to: storePackage,
    typeOnly: true,
  },
  {
    wall: 'typeorm-and-pg-in-store',
    from: 'core/src/jobs/entities.ts',
    imports: 'typeorm',
    to: 'node_modules/typeorm/index.js',
  },
  {
    wall: 'oidc-provider-in-platform',
    from: 'core/src/identity/signs-in.ts',
    imports: 'oidc-provider',
    to: 'node_modules/oidc-provider/index.js',
  },
  { wall: 'door-shows-no-roof', from: 'core/src/index.ts', imports: 'core/src/boot/room.ts' },
  { wall: 'door-is-for-outside', from: 'core/src/http/uses-door.ts', imports: 'core/src/index.ts', typeOnly: true },
  { wall: 'core-stands-alone', from: 'core/src/boot/knows-lab.ts', imports: 'plugins/lab/plugin.ts' },
  { wall: 'core-stands-alone', from: 'core/src/boot/knows-hl7.ts', imports: 'adapters/hl7/plugin.ts' },
  { wall: 'core-stands-alone', from: 'core/src/boot/knows-portal.ts', imports: 'portal/page.tsx', typeOnly: true },
  {
    wall: 'plugin-through-the-door',
    from: 'plugins/lab/reaches-store.ts',
    imports: '@heddle/core/inside',
    to: 'core/src/store/room.ts',
  },
  {
    wall: 'plugin-through-the-door',
    from: 'adapters/hl7/reaches-testing.ts',
    imports: '@heddle/core/testing',
    to: 'core/src/testing/index.ts',
  },
  {
    wall: 'plugin-test-through-the-doors',
    from: 'plugins/lab/test/store.test.ts',
    imports: '@heddle/core/inside',
    to: 'core/src/store/room.ts',
  },
  { wall: 'core-by-its-name', from: 'plugins/lab/reaches-by-path.ts', imports: 'core/src/index.ts' },
  {
    wall: 'plugin-by-contract',
    from: 'plugins/lab/reaches-billing.ts',
    imports: 'plugins/billing/prices.ts',
    typeOnly: true,
  },
  { wall: 'plugin-by-contract', from: 'adapters/hl7/reaches-billing.ts', imports: 'plugins/billing/prices.ts' },
  { wall: 'portal-speaks-http', from: 'portal/reaches-core.ts', imports: 'core/src/fhir/room.ts', typeOnly: true },
  { wall: 'portal-speaks-http', from: 'portal/reaches-plugin.ts', imports: 'plugins/lab/contract.ts' },
  { wall: 'production-without-tests', from: 'core/src/boot/uses-test.ts', imports: 'test/rig.ts' },
  { wall: 'production-without-tests', from: 'plugins/lab/uses-test.ts', imports: 'plugins/lab/test/plugin.test.ts' },
  { wall: 'resolvable', from: 'core/src/http/leads-nowhere.ts', imports: './gone.ts', to: './gone.ts' },
  {
    wall: 'no-circle',
    from: 'core/src/http/egg.ts',
    imports: 'core/src/http/hen.ts',
    to: 'core/src/http/hen.ts → core/src/http/egg.ts',
    typeOnly: true,
  },
  { wall: 'known-room', from: 'core/src/attic/box.ts', imports: 'core/src/fhir/room.ts', to: '' },
  { wall: 'package-listed', from: 'core/src/http/uses-stranger.ts', imports: 'stranger', to: 'stranger' },
  {
    wall: 'package-listed',
    from: 'adapters/hl7/uses-lab.ts',
    imports: '@heddle/lab/contract.ts',
    to: '@heddle/lab/contract.ts',
  },
  { wall: 'package-for-production', from: 'core/src/http/uses-chai.ts', imports: 'chai', to: 'chai', typeOnly: true },
];

const imports = (from: string, what: string, typeOnly = false): string => {
  const isInTree = /^(?:core|plugins|adapters|portal|test)\//.test(what);
  const specifier = isInTree ? `./${relative(dirname(from), what)}` : what;
  return typeOnly
    ? `import type { thing } from '${specifier}';\nexport type Of = typeof thing;\n`
    : `import { thing } from '${specifier}';\nexport const of = thing;\n`;
};

/** The other half of the circle; dependency-cruiser tells of it once. */
const hen: Tree = { 'core/src/http/hen.ts': imports('core/src/http/hen.ts', 'core/src/http/egg.ts') };

const stub = (name: string): Tree => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
  [`node_modules/${name}/index.js`]: 'export const thing = 1;\n',
});

const packages = { koa: '1', '@koa/router': '1', pg: '1', typeorm: '1', 'oidc-provider': '1' };
const thing = 'export const thing = 1;\n';

const soundHouse: Tree = {
  ...(Object.assign({}, ...[...Object.keys(packages), 'stranger', 'chai'].map(stub)) as Tree),
  ...Object.fromEntries(rooms.map((room) => [`core/src/${room}/room.ts`, thing])),
  ...Object.fromEntries(
    floors.slice(1).flatMap((floor, height) =>
      floor.map((room) => {
        const file = `core/src/${room}/stands-on.ts`;
        return [file, imports(file, `core/src/${floors[height]?.[0]}/room.ts`, height % 2 === 0)];
      }),
    ),
  ),
  'package.json': JSON.stringify({
    name: 'house',
    workspaces: ['core', 'plugins/*', 'adapters/*'],
    devDependencies: { chai: '1' },
  }),
  'core/package.json': JSON.stringify({
    name: '@heddle/core',
    dependencies: packages,
    exports: { '.': './src/index.ts', './testing': './src/testing/index.ts', './inside': './src/store/room.ts' },
  }),
  'core/src/index.ts': imports('core/src/index.ts', 'core/src/plugin/room.ts'),
  'core/src/testing/index.ts': imports('core/src/testing/index.ts', 'core/src/boot/room.ts'),
  'core/src/http/serves.ts': imports('core/src/http/serves.ts', 'koa'),
  'core/src/store/asks.ts': imports('core/src/store/asks.ts', 'pg'),
  'core/src/platform/signs-in.ts': imports('core/src/platform/signs-in.ts', 'oidc-provider'),
  'core/test/store.test.ts': imports('core/test/store.test.ts', 'chai'),
  'plugins/lab/package.json': JSON.stringify({ name: '@heddle/lab', dependencies: { '@heddle/core': '1' } }),
  'plugins/lab/plugin.ts': imports('plugins/lab/plugin.ts', '@heddle/core'),
  'plugins/lab/contract.ts': thing,
  'plugins/lab/test/plugin.test.ts': imports('plugins/lab/test/plugin.test.ts', '@heddle/core/testing'),
  'plugins/billing/package.json': JSON.stringify({ name: '@heddle/billing', dependencies: { '@heddle/core': '1' } }),
  'plugins/billing/prices.ts': imports('plugins/billing/prices.ts', 'plugins/lab/contract.ts', true),
  'adapters/hl7/package.json': JSON.stringify({ name: '@heddle/hl7', dependencies: { '@heddle/core': '1' } }),
  'adapters/hl7/plugin.ts': imports('adapters/hl7/plugin.ts', 'plugins/lab/contract.ts'),
  'portal/page.tsx': 'export const thing = 1;\n',
  'test/rig.ts': imports('test/rig.ts', '@heddle/core/testing'),
};

const residents: Tree = { 'node_modules/@heddle/core': 'core', 'node_modules/@heddle/lab': 'plugins/lab' };

const surveyed = async (tree: Tree): Promise<Survey> => {
  const { root, uproot } = planted(tree, residents);
  try {
    return await survey(root);
  } finally {
    uproot();
  }
};

describe('the walls', () => {
  it('stand in a house without breaches, every module of which was read', async () => {
    const { modules, breaches } = await surveyed(soundHouse);
    expect(breaches).to.deep.equal([]);
    expect(modules).to.equal(Object.keys(soundHouse).filter((path) => /^(?!node_modules).*\.tsx?$/.test(path)).length);
  });

  it('show each breach that is planted, and nothing else', async () => {
    const breached = Object.fromEntries(
      plants.map(({ from, imports: to, typeOnly }) => [from, imports(from, to, typeOnly)]),
    );
    const { breaches } = await surveyed({ ...soundHouse, ...hen, ...breached });
    const shown = breaches.map(({ wall, from, to }) => `${wall}: ${from} → ${to}`);
    const meant = plants.map(({ wall, from, imports: target, to = target }) => `${wall}: ${from} → ${to}`);
    expect(shown.toSorted()).to.deep.equal(meant.toSorted());
  });

  it('are each proven by a plant', () => {
    const proven = new Set(plants.map(({ wall }) => wall));
    expect(walls.map(({ name }) => name).filter((name) => !proven.has(name))).to.deep.equal([]);
  });

  it('do not take a file that was not read for one that imports nothing', () => {
    const file = 'plugins/lab/plugin.ts';
    const { root, uproot } = planted(soundHouse);
    const silent = { source: file, dependencies: [], dependents: [], orphan: true, valid: true };
    expect(unreadFiles(root, [file], [silent]).map(({ wall }) => wall)).to.deep.equal(['read']);
    expect(unreadFiles(root, [file], []).map(({ wall }) => wall)).to.deep.equal(['read']);
    uproot();
  });
});
