/** Reads every module of a tree and holds it against the walls; refuses to answer about a file that it could not read. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cruise, type ICruiseResult, type IModule } from 'dependency-cruiser';
import { packageFaults } from './packages.ts';
import { rooms, walls, type Breach } from './walls.ts';

const parts = ['bin', 'core', 'fhir-profiles', 'plugins', 'adapters', 'portal', 'test'];
const unread = ['**/node_modules/**', '**/dist/**'];

export interface Survey {
  /** How many modules were read, so that silence can be told from peace. */
  readonly modules: number;
  readonly breaches: readonly Breach[];
}

export const survey = async (root: string): Promise<Survey> => {
  const files = globSync(
    parts.map((part) => `${part}/**/*.{ts,tsx,js}`),
    { cwd: root, exclude: unread },
  ).toSorted();
  const result = await read(root, files);
  const modules = result.modules.filter(({ source }) => files.includes(source));
  const breaches = [
    ...breachesOf(result),
    ...packageFaults(root, modules),
    ...unknownRooms(files),
    ...unreadFiles(root, files, modules),
  ];
  return { modules: modules.length, breaches: breaches.toSorted((a, b) => a.from.localeCompare(b.from)) };
};

const read = async (root: string, files: string[]): Promise<ICruiseResult> => {
  if (files.length === 0) throw new Error(`there is no module to read in ${root}`);
  const { output } = await cruise(
    files,
    {
      baseDir: resolve(root),
      // Its own parser reads no module at all under TypeScript 7, and says so to nobody.
      parser: 'swc',
      tsPreCompilationDeps: true,
      // Without the root's package.json it knows of no workspaces.
      combinedDependencies: true,
      doNotFollow: { path: '(?:^|/)node_modules/' },
      validate: true,
      ruleSet: { forbidden: walls.map(({ why, ...wall }) => ({ ...wall, comment: why, severity: 'error' })) },
    },
    {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'types', 'default'],
      mainFields: ['module', 'main', 'types'],
    },
  );
  if (typeof output === 'string') throw new Error(`dependency-cruiser answered with text: ${output}`);
  return output;
};

const breachesOf = ({ summary }: ICruiseResult): Breach[] =>
  summary.violations.map(({ rule, from, to, cycle }) => ({
    wall: rule.name,
    from,
    to: cycle ? cycle.map(({ name }) => name).join(' → ') : to,
    why: walls.find(({ name }) => name === rule.name)?.why ?? '',
  }));

const unknownRooms = (files: readonly string[]): Breach[] =>
  files
    .filter((file) => /^core\/src\/[^/]+\//.test(file) && !rooms.includes(file.split('/')[2] ?? ''))
    .map((from) => ({
      wall: 'known-room',
      from,
      to: '',
      why: 'this folder is on no floor; write it into the list of floors',
    }));

const readsOthers = /^(?:import|export)\b[^;]*\bfrom '/m;

/** A file that plainly imports something while no import of it is known was not read, whatever dependency-cruiser says. */
export const unreadFiles = (root: string, files: readonly string[], modules: readonly IModule[]): Breach[] => {
  const imports = new Map(modules.map(({ source, dependencies }) => [source, dependencies.length]));
  return files
    .filter(
      (file) => !imports.get(file) && (!imports.has(file) || readsOthers.test(readFileSync(join(root, file), 'utf8'))),
    )
    .map((from) => ({
      wall: 'read',
      from,
      to: '',
      why: 'dependency-cruiser did not read this file, so nothing is known of it',
    }));
};
