/** Finds a Node that runs TypeScript: this one, the one that the lock file brings, or one on the path; refuses where there is none. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fits } from './platform.js';
import { refusal } from './refusal.js';

const runsTypeScript = (version) => {
  const [major, minor] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 15);
};

/** Where the installation puts its own Node; it need not be there yet. */
const broughtNode = (root) =>
  fits({ os: 'linux', cpu: ['x64', 'arm64'], libc: 'glibc' })
    ? join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
    : undefined;

const nodeOnPath = () =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, process.platform === 'win32' ? 'node.exe' : 'node'))
    .find(
      (file) =>
        existsSync(file) && runsTypeScript(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout?.slice(1) ?? ''),
    );

export const nodeThatRunsTypeScript = (root) => {
  if (runsTypeScript(process.versions.node)) return process.execPath;
  const node = broughtNode(root) ?? nodeOnPath();
  if (node) return node;
  throw refusal(
    `this is Node ${process.versions.node} on ${process.platform} ${process.arch}, for which no Node comes with Heddle. ` +
      'Install Node 24.15 or newer (https://nodejs.org) and run the same command with it.',
  );
};
