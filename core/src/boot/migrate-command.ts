/** `heddle migrate`: brings the database forward without serving, for releases that migrate before they roll out. */
import { availableParallelism } from 'node:os';
import { loadConfiguration } from '../config/load.ts';
import { openLog } from '../observe/log.ts';
import type { Command } from './command.ts';
import { realEffects } from './effects.ts';
import { prepare } from './prepare.ts';
import { drawTree, growTree } from './tree.ts';

export const migrateCommand: Command['run'] = async ({ root, version }) => {
  const loaded = loadConfiguration({ root });
  const effects = realEffects();
  const log = openLog(loaded.config.log.level, { write: (line) => void process.stderr.write(line) });
  const { grow, parts } = growTree(effects.stopwatch);
  const ground = await prepare({ loaded, root, version, effects, log, grow, beside: true }, availableParallelism());
  await ground.stop();
  process.stdout.write(`${drawTree(`heddle ${version} migrate`, parts)}\n`);
  return 0;
};
