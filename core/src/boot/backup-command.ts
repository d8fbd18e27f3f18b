/** `heddle backup`: all of an installation as it is at one moment, in one file, beside a running Heddle or without one. Tells tables and counts, never what is in them. */
import { takeBackup } from '../store/backup/take.ts';
import { writeBackupFile } from '../store/backup/file.ts';
import { readArguments } from './arguments.ts';
import { asOwner } from './as-owner.ts';
import type { Command } from './command.ts';
import { secretIn } from './key-file.ts';
import { megabytes, whole } from './say.ts';

const usage = `usage: npx heddle backup <file> [--key-file <file>]
With a key file the backup can only be read with it: keep it elsewhere, without it nothing can be restored.`;

export const backupCommand: Command['run'] = async (place, args) => {
  const given = readArguments(args, { texts: ['key-file'] });
  const [path, ...more] = given?.rest ?? [];
  if (!given || path === undefined || more.length > 0) {
    process.stdout.write(`${usage}\n`);
    return 64;
  }
  const secret = await secretIn(given.text('key-file'));
  return asOwner(place, { beside: true }, async ({ owner, connectMs, effects: { now, random, stopwatch } }) => {
    const from = stopwatch();
    let rows = 0;
    const told = (table: string, count: number, bytes: number): void => {
      rows += count;
      process.stderr.write(`${table.padEnd(24)}${whole(count).padStart(14)} rows ${megabytes(bytes).padStart(12)}\n`);
    };
    const size = await writeBackupFile({ path, secret, random }, async (put) => {
      await takeBackup({ owner, connectMs, version: place.version, now, put, told });
    });
    const seconds = (stopwatch() - from).toFixed(1);
    process.stdout.write(
      `backup ${path}: ${megabytes(size)}, ${whole(rows)} rows, ${seconds} s, ${secret ? 'encrypted' : 'not encrypted'}\n`,
    );
    return 0;
  });
};
