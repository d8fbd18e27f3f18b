/** Tells whether node_modules holds what package-lock.json asks for; installs nothing and trusts no half-written tree. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fits } from './platform.js';
import { refusal } from './refusal.js';

const stampFile = 'node_modules/.heddle-installed.json';
/** npm writes its own record last: without it, npm did not come to the end. */
export const recordFile = 'node_modules/.package-lock.json';

const textOf = (root, file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined);
const digest = (text) => createHash('sha256').update(text).digest('base64url');

export const lockOf = (root) => {
  const text = textOf(root, 'package-lock.json');
  if (text === undefined)
    throw refusal(
      'package-lock.json is missing, so nobody knows what to install. Restore it: git checkout package-lock.json',
    );
  return text;
};

const stampText = (lock, record, dev) => JSON.stringify({ lock: digest(lock), tree: digest(record), dev });

/** Also true of a tree that npm made by hand, which then gets its stamp. */
export const isInstalled = (root, dev) => {
  const lock = lockOf(root);
  const record = textOf(root, recordFile);
  if (record === undefined) return false;
  const stamp = textOf(root, stampFile);
  if (stamp === stampText(lock, record, true) || (!dev && stamp === stampText(lock, record, false))) return true;
  if (missing(root, dev).length > 0) return false;
  stampInstallation(root, dev);
  return true;
};

export const stampInstallation = (root, dev) => {
  try {
    writeFileSync(join(root, stampFile), stampText(lockOf(root), textOf(root, recordFile) ?? '', dev));
  } catch (thrown) {
    // A tree that only others may write is none the worse for it: the next start compares again, in a few milliseconds.
    if (!['EACCES', 'EPERM', 'EROFS'].includes(thrown.code)) throw thrown;
  }
};

/** An installation that once had development packages keeps them. */
export const hadDevelopmentPackages = (root) => (textOf(root, stampFile) ?? '').includes('"dev":true');

/** The packages that the lock file asks for here and node_modules lacks, has in another version, or has only in name. */
export const missing = (root, dev) => {
  const wanted = JSON.parse(lockOf(root)).packages;
  const recorded = JSON.parse(textOf(root, recordFile) ?? '{"packages":{}}').packages;
  const isHere = ([path, { link, version }]) => {
    const manifest = textOf(root, join(path, 'package.json'));
    // npm's record alone proves little: after `npm ci --omit=dev` it still names every development package.
    return (
      manifest !== undefined &&
      (link || (recorded[path]?.version === version && JSON.parse(manifest).version === version))
    );
  };
  return Object.entries(wanted)
    .filter(([path, want]) => path.includes('node_modules/') && (dev || !want.dev) && (!want.optional || fits(want)))
    .filter((entry) => !isHere(entry))
    .map(([path]) => path);
};

/** What the root package itself names as optional and this platform can run: npm stays silent when it fails to bring it. */
export const missingOfOurOwn = (root) => {
  const own = Object.keys(JSON.parse(lockOf(root)).packages[''].optionalDependencies ?? {});
  return missing(root, false).filter((path) => own.includes(path.replace('node_modules/', '')));
};
