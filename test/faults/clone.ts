/** Makes fresh clones in folders with spaces in their names, and runs commands in them as the machine would, with none of this repository's own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { planted, type Tree } from '../layers/planted.ts';

const repository = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(repository, file), 'utf8');

/** Takes the place of the kernel's command line, so that only the launcher is tried. */
const standIn = "export const main = async (args) => { console.log('kernel', process.version, ...args); return 0; };";

/** A house of two packages, one of them for development, in the versions that the real lock file names. */
export const smallHouse = (): Tree => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version: string }> };
  const entry = (name: string): { version: string } =>
    packages[`node_modules/${name}`] ?? { version: 'not in the lock file' };
  const house = { name: 'heddle', version: '0.1.0', workspaces: ['core'], bin: { heddle: 'bin/heddle.js' } };
  const lists = {
    dependencies: { 'koa-compose': entry('koa-compose').version },
    devDependencies: { chai: entry('chai').version },
  };
  const core = { name: '@heddle/core', version: '0.1.0' };
  const locked = {
    '': { ...house, ...lists },
    core,
    'node_modules/@heddle/core': { resolved: 'core', link: true },
    'node_modules/koa-compose': entry('koa-compose'),
    'node_modules/chai': { ...entry('chai'), dev: true },
  };
  return {
    'package.json': JSON.stringify({ ...house, ...lists, type: 'module' }),
    'package-lock.json': JSON.stringify({ ...house, lockfileVersion: 3, requires: true, packages: locked }),
    'core/package.json': JSON.stringify({ ...core, type: 'module' }),
    'core/src/boot/cli.ts': standIn,
    'check.ts': standIn,
    '.npmrc': read('.npmrc'),
  };
};

/** This repository as far as npm and the launcher see it. */
export const wholeHouse = (): Tree => {
  const files = globSync(
    ['package.json', 'package-lock.json', '.npmrc', '{core,fhir-profiles,portal,plugins/*,adapters/*}/package.json'],
    {
      cwd: repository,
    },
  );
  return { ...Object.fromEntries(files.map((file) => [file, read(file)])), 'core/src/boot/cli.ts': standIn };
};

/** What the launcher takes for installed, without any package. */
export const emptyHouse = (): Tree => ({
  ...smallHouse(),
  'package-lock.json': '{"packages":{"":{}}}',
  'node_modules/.package-lock.json': '{"packages":{}}',
});

export interface Clone {
  readonly root: string;
  readonly uproot: () => void;
}

export const clone = (files: Tree): Clone => {
  const { root: plain, uproot } = planted(files);
  const root = `${plain} with spaces`;
  cpSync(plain, root, { recursive: true });
  uproot();
  cpSync(join(repository, 'bin'), join(root, 'bin'), { recursive: true });
  return { root, uproot: () => rmSync(root, { recursive: true }) };
};

/** In place of the one that an installation brings. */
export const bringNode = ({ root }: Clone): void => {
  const node = join(root, `node_modules/node-linux-${process.arch}/bin/node`);
  mkdirSync(dirname(node), { recursive: true });
  if (!existsSync(node)) symlinkSync(process.execPath, node);
};

const isOurs = (folder: string): boolean => folder.includes('node_modules');

export const bareEnvironment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|HEDDLE|NODE_)/i.test(name))),
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^npm_config_(?:cache|registry|userconfig|cafile)$/i.test(name)),
  ),
  PATH: (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !isOurs(folder))
    .join(delimiter),
};

export interface Run {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly end: Promise<number | null>;
}

export const run = (
  cwd: string,
  [command = '', ...args]: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Run => {
  const child = spawn(command, args, {
    cwd,
    env: { ...bareEnvironment, ...environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  return { child, said: () => said, end: once(child, 'close').then(([code]) => code as number | null) };
};

export const registryAnswers = (): boolean =>
  spawnSync('npm', ['view', 'koa-compose', 'version'], { env: bareEnvironment }).status === 0;
