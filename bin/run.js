/** Runs `main(args)` of a TypeScript file: here if this Node can, else under one that can; starts nothing on half an installation. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureInstalled } from './install.js';
import { nodeThatRunsTypeScript } from './node.js';
import { isRefusal } from './refusal.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const msToLetGo = 5000;

export const run = async ({ launcher, entry, args, dev }) => {
  try {
    const node = nodeThatRunsTypeScript(root);
    await ensureInstalled({ root, dev });
    if (node === process.execPath) await runHere(entry, args);
    else runUnder(node, [fileURLToPath(launcher), ...process.argv.slice(2)]);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    console.error(`heddle: ${thrown.message}`);
    process.exitCode = 1;
  }
};

const runHere = async (entry, args) => {
  if (process.channel) stopWithParent();
  const { main } = await import(pathToFileURL(join(root, entry)).href);
  process.exitCode = await main(args);
  // What is still open by now was forgotten; nobody should wait for it.
  setTimeout(() => process.exit(), msToLetGo).unref();
};

/** The process that stays in between may be killed without a chance to forward anything; the channel tells. */
const stopWithParent = () => {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
};

const runUnder = (node, args) => {
  const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  child.on('error', ({ message }) => {
    console.error(
      `heddle: ${node} does not run here (${message}). Install Node 24.15 or newer and run the same command with it.`,
    );
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
};
