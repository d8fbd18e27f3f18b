/** Finds imports of packages that the importing package does not list, or lists for development only; reads package.json files alone. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import type { IModule } from 'dependency-cruiser';
import { isProduction, isTest, type Breach } from './walls.ts';

type Names = Readonly<Record<string, string>>;

interface Manifest {
  readonly name?: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Names;
  readonly optionalDependencies?: Names;
  readonly peerDependencies?: Names;
  readonly devDependencies?: Names;
}

const unlisted = { wall: 'package-listed', why: 'its package.json does not list this package' };
const forDevelopmentOnly = {
  wall: 'package-for-production',
  why: 'this package is listed for development, so it is not there in production',
};

const packageOf = (specifier: string): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

const isPackage = (specifier: string): boolean =>
  !/^(?:\.|\/|#|node:|data:|file:)/.test(specifier) && !builtinModules.includes(packageOf(specifier));

const runsInProduction = (file: string): boolean =>
  new RegExp(isProduction).test(file) && !new RegExp(isTest).test(file) && !file.endsWith('.config.ts');

const manifestOf = (root: string, folder: string): Manifest | undefined => {
  const file = join(root, folder, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : undefined;
};

/** The package that a file belongs to: the nearest package.json above it. */
const ownerOf = (root: string, file: string): Manifest => {
  const folder = dirname(file);
  return manifestOf(root, folder) ?? (folder === '.' ? {} : ownerOf(root, folder));
};

const keys = (...lists: (Names | undefined)[]): string[] => lists.flatMap((list) => Object.keys(list ?? {}));

export const packageFaults = (root: string, modules: readonly IModule[]): Breach[] => {
  const house = manifestOf(root, '.') ?? {};
  const residents = globSync([...(house.workspaces ?? [])], { cwd: root }).map(
    (folder) => manifestOf(root, folder)?.name,
  );

  return modules.flatMap(({ source: from, dependencies }) => {
    const owner = ownerOf(root, from);
    const forProduction = keys(
      owner.dependencies,
      owner.optionalDependencies,
      owner.peerDependencies,
      house.optionalDependencies,
    );
    const forDevelopment = keys(owner.devDependencies, house.devDependencies);
    const isOfTheHouse = (name: string): boolean => owner.name === house.name && residents.includes(name);

    const faultOf = (to: string): Breach[] => {
      const name = packageOf(to);
      if (name === owner.name || forProduction.includes(name) || isOfTheHouse(name)) return [];
      if (!forDevelopment.includes(name)) return [{ ...unlisted, from, to }];
      return runsInProduction(from) ? [{ ...forDevelopmentOnly, from, to }] : [];
    };
    return dependencies
      .map(({ module }) => module)
      .filter(isPackage)
      .flatMap(faultOf);
  });
};
