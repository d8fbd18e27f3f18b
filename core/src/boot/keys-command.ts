/** `heddle keys`: lists the shared keys, rotates one purpose, or seals all again after a change of the master key. Prints names and ages, never a key. */
import { availableParallelism } from 'node:os';
import { loadConfiguration } from '../config/load.ts';
import { openKeyRing, purposes, type KeyRing } from '../identity/keyring.ts';
import { openLog } from '../observe/log.ts';
import { openMetrics } from '../observe/metrics.ts';
import { openDatabase } from '../store/database.ts';
import type { Command } from './command.ts';
import { realEffects } from './effects.ts';
import { prepare } from './prepare.ts';
import { growTree } from './tree.ts';

const usage = `usage: npx heddle keys list | keys rotate <${purposes.join('|')}> | keys reseal
With the embedded database, stop Heddle first: the database has one owner at a time. Running nodes hear of the change.`;

const list = (keys: KeyRing): string =>
  purposes
    .flatMap((purpose) =>
      keys
        .all(purpose)
        .map(
          ({ id, created }, place) =>
            `${purpose.padEnd(8)}${id.padEnd(14)}${created.toISOString()}  ${place === 0 ? 'current' : 'kept'}`,
        ),
    )
    .join('\n');

const carryOut = async (keys: KeyRing, [verb, what]: readonly string[]): Promise<string | undefined> => {
  const purpose = purposes.find((each) => each === what);
  if (verb === 'list') return list(keys);
  if (verb === 'rotate' && purpose) return `${purpose} ${(await keys.rotate(purpose)).id} is current`;
  if (verb === 'reseal')
    return `${await keys.reseal()} keys sealed under the present master key; HEDDLE__KEYS__PREVIOUS can go`;
  return undefined;
};

export const keysCommand: Command['run'] = async ({ root, version }, args) => {
  const loaded = loadConfiguration({ root });
  const { config } = loaded;
  const effects = realEffects();
  const { random } = effects;
  const log = openLog(config.log.level, { write: (line) => void process.stderr.write(line) });
  const { grow } = growTree(effects.stopwatch);
  const { prepared, stop } = await prepare({ loaded, root, version, effects, log, grow }, availableParallelism());
  try {
    const database = await openDatabase({
      serving: prepared.serving,
      settings: config.database,
      node: `keys-${process.pid}`,
      random,
      metrics: openMetrics(),
      log,
    });
    try {
      const keys = await openKeyRing({ database, ...prepared, rotateDays: config.keys.rotateDays, random, log });
      const said = await carryOut(keys, args);
      process.stdout.write(`${said ?? usage}\n`);
      return said === undefined ? 64 : 0;
    } finally {
      await database.close();
    }
  } finally {
    await stop();
  }
};
