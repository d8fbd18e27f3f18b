/** The walls of the house as data: which module may import which. Knows nothing of how modules are read. */
import type { IRegularForbiddenRuleType } from 'dependency-cruiser';

/** From the ground up; the rooms of one floor do not import each other. */
export const floors: readonly (readonly string[])[] = [
  ['outcome'],
  ['fhir'],
  ['observe', 'config'],
  ['registry'],
  ['store'],
  ['events'],
  ['jobs'],
  ['identity'],
  ['policy'],
  ['terminology'],
  ['interaction'],
  ['plugin'],
  ['platform'],
  ['http'],
  ['boot'],
  ['testing'],
];

export interface Breach {
  readonly wall: string;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

export const rooms: readonly string[] = floors.flat();

type Wall = Pick<IRegularForbiddenRuleType, 'from' | 'to'> & { readonly name: string; readonly why: string };

const oneOf = (names: readonly string[]): string => `(?:${names.join('|')})`;
const packageNamed = (name: string): string => `(?:^|(?:^|/)node_modules/)${name}(?:/|$)`;

export const isTest = '\\.test\\.tsx?$|(?:^|/)test/';
/** What a start of Heddle runs; the rest builds or tests it. */
export const isProduction = '^(?:core/src|plugins|adapters|portal)/';
const isPlugin = '^(?:plugins|adapters)/';
const door = '^core/src/index\\.ts$';
const testingDoor = '^core/src/testing/index\\.ts$';

const floorWalls = floors.flatMap((floor, height): Wall[] =>
  floor.map((room) => ({
    name: `floor-${room}`,
    why: `${room}/ imports only from the floors below it`,
    from: { path: `^core/src/${room}/` },
    to: {
      path: `^core/src/${oneOf(
        floors
          .slice(height)
          .flat()
          .filter((other) => other !== room),
      )}/`,
    },
  })),
);

/** The roof has nothing above it to import. */
const standingFloorWalls = floorWalls.slice(0, -1);

const ownedPackages = [
  { room: 'http', name: 'koa-in-http', packages: ['koa', '@koa/[^/]+'] },
  { room: 'store', name: 'typeorm-and-pg-in-store', packages: ['typeorm', 'pg'] },
  { room: 'platform', name: 'oidc-provider-in-platform', packages: ['oidc-provider'] },
].map(({ room, name, packages }): Wall => ({
  name,
  why: `only core/src/${room} may import this package`,
  from: { path: isProduction, pathNot: [`^core/src/${room}/`] },
  to: { path: packageNamed(oneOf(packages)) },
}));

export const walls: readonly Wall[] = [
  ...standingFloorWalls,
  ...ownedPackages,
  {
    name: 'door-shows-no-roof',
    why: 'the public door offers what plugins use; http, boot and testing are not for them',
    from: { path: door },
    to: { path: '^core/src/(?:http|boot|testing)/' },
  },
  {
    name: 'door-is-for-outside',
    why: 'inside the core, import the file itself',
    from: { path: '^core/src/[^/]+/' },
    to: { path: door },
  },
  {
    name: 'core-stands-alone',
    why: 'the core knows no plugin, adapter or page by name',
    from: { path: '^core/' },
    to: { path: '^(?:plugins|adapters|portal)/' },
  },
  {
    name: 'plugin-through-the-door',
    why: 'of the core, plugins and adapters see @heddle/core only',
    from: { path: isPlugin, pathNot: [isTest] },
    to: { path: '^core/', pathNot: [door] },
  },
  {
    name: 'plugin-test-through-the-doors',
    why: 'of the core, their tests see @heddle/core and @heddle/core/testing only',
    from: { path: `${isPlugin}.*(?:${isTest})` },
    to: { path: '^core/', pathNot: [door, testingDoor] },
  },
  {
    name: 'core-by-its-name',
    why: 'the core is a package: import @heddle/core, no path into its folder',
    from: { path: isPlugin },
    to: { path: '^core/', dependencyTypesNot: ['aliased-workspace'] },
  },
  {
    name: 'plugin-by-contract',
    why: "of another plugin, only its contract.ts may be imported, and the plugin is then listed in 'requires'",
    from: { path: '^(plugins|adapters)/([^/]+)/' },
    to: { path: isPlugin, pathNot: ['^$1/$2/', `${isPlugin}[^/]+/contract\\.ts$`] },
  },
  {
    name: 'portal-speaks-http',
    why: 'the portal talks to Heddle over HTTP and shares no code with it',
    from: { path: '^portal/' },
    to: { path: '^(?:core|plugins|adapters)/' },
  },
  {
    name: 'production-without-tests',
    why: 'what runs in production imports nothing that stands with the tests',
    from: { path: isProduction, pathNot: [isTest] },
    to: { path: isTest, pathNot: ['(?:^|/)node_modules/'] },
  },
  {
    name: 'resolvable',
    why: 'an import that leads nowhere passes every wall',
    from: {},
    to: { couldNotResolve: true },
  },
  { name: 'no-circle', why: 'two modules that import each other are one module', from: {}, to: { circular: true } },
];
