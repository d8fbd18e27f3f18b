/** The commands of `npx heddle`; each is a row of the table, and its help is the table printed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { didYouMean } from '../config/nearest.ts';
import { loadConfiguration } from '../config/load.ts';
import { Outcome } from '../outcome/outcome.ts';
import { accountCommand } from './account-command.ts';
import { backupCommand } from './backup-command.ts';
import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { eraseCommand } from './erase-command.ts';
import { exportCommand } from './export-command.ts';
import { importCommand } from './import-command.ts';
import { keysCommand } from './keys-command.ts';
import { migrateCommand } from './migrate-command.ts';
import { reindexCommand } from './reindex-command.ts';
import { restoreCommand } from './restore-command.ts';
import { isWorker, startHeddle, workHeddle } from './start.ts';

let lines: string[] = [];

const flush = (): void => {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  lines = [];
};
process.on('exit', flush);

/** The lines of one turn of the event loop leave together: under load to write each costs more than to make it. */
const print = (line: string): void => {
  if (lines.push(line) === 1) setImmediate(flush);
};

/** The exit code that says: the installation must be mended before another try. */
const configurationFault = 78;

interface Ending {
  readonly ended: Promise<number>;
  readonly end: (code: number) => void;
  /** From now on a signal asks for an orderly end; before, there is nothing to put in order that a crash would not. */
  readonly serving: () => void;
}

/** 128 and the number of SIGINT, as shells have it. */
const interrupted = 130;

const untilSignalled = (): Ending => {
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  let first = 0;
  let orderly = false;
  const hear = (): void => {
    if (!orderly) process.exit(interrupted);
    const now = performance.now();
    // A Ctrl-C comes from the terminal and from npm besides: what follows at once is the same one. A later one insists.
    if (first > 0 && now - first > 1_000) process.exit(1);
    first = first || now;
    end(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, hear);
  return { ended, end, serving: () => void (orderly = true) };
};

const start: Command['run'] = async ({ root, version }) => {
  const loaded = loadConfiguration({ root });
  if (isWorker) return workHeddle({ loaded, root, version, print });
  const { ended, end, serving } = untilSignalled();
  const heddle = await startHeddle({
    ...{ loaded, root, version, print },
    onFatal: (reason) => {
      process.stderr.write(`heddle stops: ${reason}\n`);
      end(1);
    },
  });
  if (loaded.config.identity.demoAccounts)
    print(`sign in at ${heddle.publicUrl}/ as receptionist, password heddle; Ctrl-C stops`);
  serving();
  const code = await ended;
  await heddle.close();
  return code;
};

const commands: readonly Command[] = [
  { name: 'start', summary: 'starts Heddle and, without DATABASE_URL, its database', run: start },
  { name: 'migrate', summary: 'brings the database forward and ends', run: migrateCommand },
  { name: 'doctor', summary: 'says what is wrong with this installation and how to mend it', run: doctor },
  {
    name: 'account',
    summary: 'account add <username> <tenant> <role,…>, with the password on standard input',
    run: accountCommand,
  },
  {
    name: 'keys',
    summary: 'keys list | keys rotate <token|cursor|cookie|audit> | keys drop <id> | keys reseal',
    run: keysCommand,
  },
  {
    name: 'backup',
    summary: 'backup <file> [--key-file <file>], beside a running Heddle or without',
    run: backupCommand,
  },
  {
    name: 'export',
    summary: 'export --tenant <name> [--types A,B] [--format ndjson|bundle] <folder or file>',
    run: exportCommand,
  },
  { name: 'import', summary: 'import --tenant <name> <files or folders…> of ndjson or bundles', run: importCommand },
  {
    name: 'reindex',
    summary: 'reindex [--tenant <name>] [--types A,B], so that search finds every stored resource',
    run: reindexCommand,
  },
  {
    name: 'erase',
    summary: 'erase --tenant <name> --reason <text> Patient/<id> [--yes] [--force], for ever',
    run: eraseCommand,
  },
  { name: 'restore', summary: 'restore <file> [--key-file <file>] into an empty database', run: restoreCommand },
];

const help = (): string =>
  ['usage: npx heddle <command>', '', ...commands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`)].join(
    '\n',
  );

const explain = (thrown: unknown): number => {
  if (!(thrown instanceof Outcome)) throw thrown;
  const faults = thrown.issues.map(({ diagnostics }) => `  ${diagnostics}`);
  process.stderr.write(
    `heddle cannot go on:\n${faults.join('\n')}\n\`npx heddle doctor\` looks at the whole installation.\n`,
  );
  return configurationFault;
};

export const main = async ([name = 'help', ...args]: readonly string[]): Promise<number> => {
  const root = join(import.meta.dirname, '../../..');
  const { version } = JSON.parse(readFileSync(join(root, 'core/package.json'), 'utf8')) as { version: string };
  if (['help', '--help', '-h'].includes(name)) {
    print(help());
    return 0;
  }
  if (['version', '--version', '-v'].includes(name)) {
    print(version);
    return 0;
  }
  const command = commands.find((each) => each.name === name);
  if (!command) {
    process.stderr.write(
      `heddle has no command '${name}'${didYouMean(
        name,
        commands.map((each) => each.name),
      )}\n\n${help()}\n`,
    );
    return 64;
  }
  try {
    return await command.run({ root, version }, args);
  } catch (thrown) {
    return explain(thrown);
  }
};
