/** `heddle keys`: lists the shared keys, rotates one purpose, or seals all again after a change of the master key. Prints names and ages, never a key. */
import { openKeyRing, purposes, type KeyRing } from '../identity/keyring.ts';
import type { Command } from './command.ts';
import { onDatabase } from './on-database.ts';

const usage = `usage: npx heddle keys list | keys rotate <${purposes.join('|')}> | keys drop <id> | keys reseal
Running nodes hear of the change.`;

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
  if (verb === 'drop' && what !== undefined)
    return (await keys.drop(what)) ? `${what} is dropped: what it signed is refused` : `there is no key ${what}`;
  if (verb === 'reseal')
    return `${await keys.reseal()} keys sealed under the present master key; HEDDLE__KEYS__PREVIOUS can go`;
  return undefined;
};

export const keysCommand: Command['run'] = (place, args) =>
  onDatabase(place, async ({ config, database, masters, effects: { random }, log }) => {
    const keys = await openKeyRing({ database, ...masters, rotateDays: config.keys.rotateDays, random, log });
    const said = await carryOut(keys, args);
    await keys.close();
    process.stdout.write(`${said ?? usage}\n`);
    return said === undefined ? 64 : 0;
  });
