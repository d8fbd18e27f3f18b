/** Installs what package-lock.json asks for, once, however many start at the same time; says why when it cannot. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  hadDevelopmentPackages,
  isInstalled,
  missing,
  missingOfOurOwn,
  recordFile,
  stampInstallation,
} from './installed.js';
import { npm } from './npm.js';
import { explain } from './npm-faults.js';
import { refusal } from './refusal.js';
import { takeTurn } from './turn.js';

const repository = fileURLToPath(new URL('..', import.meta.url));

export const ensureInstalled = async ({ root = repository, dev }) => {
  if (isInstalled(root, dev)) return;
  const turn = await takeTurn(join(root, '.cache', 'install'), (pid) =>
    say(`process ${pid} is installing; waiting for it\n`),
  ).catch((thrown) => {
    throw refusal(explain(thrown.message, root));
  });
  try {
    // The one before may have installed it all.
    if (!isInstalled(root, dev)) await install(root, dev || hadDevelopmentPackages(root), turn);
  } finally {
    turn.release();
  }
};

const say = (text) => process.stderr.write(`heddle: ${text}`);

const install = async (root, dev, turn) => {
  const start = performance.now();
  say(`installing packages as package-lock.json names them${dev ? ', with those for development' : ''} … `);
  const isAddition = dev && existsSync(join(root, recordFile)) && missing(root, false).length === 0;
  const restore = takeRecordAway(root);
  const args = [...(isAddition ? addition : cleanInstallation), ...flags, dev ? '--include=dev' : '--omit=dev'];
  const { succeeded, output } = await npm(root, args, turn);
  if (!succeeded) {
    restore();
    process.stderr.write('failed\n');
    throw refusal(explain(output, root));
  }
  rmSync(join(root, `${recordFile}.before`), { force: true });
  const lacking = missingOfOurOwn(root);
  if (lacking.length > 0) {
    process.stderr.write('incomplete\n');
    throw refusal(explain(`npm left out ${lacking.join(', ')}\n${output}`, root));
  }
  stampInstallation(root, dev);
  process.stderr.write(`done in ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
};

const cleanInstallation = ['ci'];
// Adds and removes nothing: a server that runs from this folder keeps the files under its feet while the tests install theirs.
const addition = ['install', '--no-save'];
const flags = ['--ignore-scripts', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];

/** While npm works there is no record, so that a tree left half done by a power cut is never taken for a whole one. */
const takeRecordAway = (root) => {
  const record = join(root, recordFile);
  const aside = `${record}.before`;
  if (existsSync(record)) renameSync(record, aside);
  return () => {
    if (existsSync(aside)) renameSync(aside, record);
  };
};
