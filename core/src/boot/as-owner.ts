/** Opens the database as its owner for a command that works on the whole of it, without migrating or serving, and closes it again. */
import { loadConfiguration, type Loaded } from '../config/load.ts';
import { openLog, type Log } from '../observe/log.ts';
import { prepareHome } from '../store/embedded/home.ts';
import type { Address } from '../store/address.ts';
import type { Place } from './command.ts';
import { realEffects, type Effects } from './effects.ts';
import { reachOwner } from './reach-owner.ts';
import { growTree } from './tree.ts';

export interface AsOwner {
  readonly loaded: Loaded;
  readonly owner: Address;
  readonly connectMs: number;
  readonly effects: Effects;
  readonly log: Log;
}

/** An embedded database that is started for one command serves nobody else. */
const maxConnections = 20;

export const asOwner = async <T>(
  { root }: Place,
  { beside }: { readonly beside: boolean },
  work: (given: AsOwner) => Promise<T>,
): Promise<T> => {
  const loaded = loadConfiguration({ root });
  const { config } = loaded;
  const effects = realEffects();
  const log = openLog(config.log.level, { write: (line) => void process.stderr.write(line) });
  await prepareHome(config.home);
  const { grow } = growTree(effects.stopwatch);
  const { owner, stop } = await grow.part('database', () =>
    reachOwner({ config, effects, log, maxConnections, beside }),
  );
  try {
    return await work({ loaded, owner, connectMs: config.database.timeouts.connectMs, effects, log });
  } finally {
    await stop();
  }
};
