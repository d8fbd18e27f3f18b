/** Runs npm in a folder and keeps what it prints; passes on the signals that end this process, and ends with it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export const npm = async (root, args, turn) => {
  const [command, ...first] = npmCommand();
  const child = spawn(command, [...first, ...args], {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid) turn.share(child.pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const stopped = stopWithUs(child);
  const code = await new Promise((resolve) => {
    child.once('error', ({ message }) => {
      output += message;
      resolve();
    });
    child.once('close', resolve);
  });
  const signal = stopped();
  if (signal) {
    turn.release();
    process.kill(process.pid, signal);
  }
  return { succeeded: code === 0, output };
};

/** Passes on the signals that end a process; the answer tells, once the child is gone, which one came. */
const stopWithUs = (child) => {
  let came;
  const stop = (signal) => {
    came = signal;
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
    return came;
  };
};

const npmCommand = () => {
  const beside = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const script = [process.env.npm_execpath, beside].find(
    (file) => file && basename(file) === 'npm-cli.js' && existsSync(file),
  );
  return script ? [process.execPath, script] : ['npm'];
};

/** What an outer npm was told about itself (which workspace, which packages to omit) is not meant for this one. */
const meantForOuter =
  /^npm_config_(?:workspaces?|include_workspace_root|omit|include|only|production|global|location|package|call|dry_run)$/i;

// npm's own patience without a network is over a minute of silence; whoever wants it can set it.
const patience = {
  npm_config_fetch_retries: '3',
  npm_config_fetch_retry_factor: '3',
  npm_config_fetch_retry_mintimeout: '1000',
};

const environment = () => ({
  ...patience,
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !meantForOuter.test(name))),
});
