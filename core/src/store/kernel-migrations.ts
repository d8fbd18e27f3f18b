/** The kernel's own migrations, in the order in which they run. */
import type { PluginMigrations } from './migration.ts';
import { frame } from './migrations/001-frame.ts';
import { versions } from './migrations/002-versions.ts';
import { bytes } from './migrations/003-bytes.ts';
import { jobs } from './migrations/004-jobs.ts';
import { wordOf } from './migrations/005-word-of.ts';
import { ownParameters } from './migrations/006-own-parameters.ts';
import { signIn } from './migrations/007-sign-in.ts';

export const kernelMigrations: PluginMigrations = {
  plugin: 'core',
  migrations: [frame, versions, bytes, jobs, wordOf, ownParameters, signIn],
};
