/** `heddle doctor`: looks at everything an installation stands on and says, for each fault, how to mend it. Changes nothing. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadConfiguration, type Loaded } from '../config/load.ts';
import type { Configuration } from '../config/schema.ts';
import { Outcome } from '../outcome/outcome.ts';
import { addressOf } from '../store/address.ts';
import { inspectBinaries, packagedPostgres } from '../store/embedded/binaries.ts';
import { readCluster } from '../store/embedded/home.ts';
import { liveOwner } from '../store/embedded/owner.ts';
import { chooseAccount } from '../store/embedded/run-as.ts';
import { inspectDatabase } from '../store/roles.ts';
import type { Command, Place } from './command.ts';
import { orderedPlugins } from './prepare.ts';

interface Finding {
  readonly level: 'ok' | 'warn' | 'fault';
  readonly says: string;
}

interface Look {
  readonly what: string;
  readonly look: (place: Place, loaded: Loaded) => Promise<readonly Finding[]>;
}

const ok = (says: string): Finding => ({ level: 'ok', says });
const warn = (says: string): Finding => ({ level: 'warn', says });
const fault = (says: string): Finding => ({ level: 'fault', says });

const run = promisify(execFile);

const leastNode = [24, 15] as const;

const runtime = (): readonly Finding[] => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  return [
    enough
      ? ok(`Node ${process.versions.node} on ${process.platform} ${process.arch}`)
      : fault(
          `Node ${process.versions.node} is too old: start with \`npm start\` or \`npx heddle\`, which bring Node 24, or install 24.15 or later`,
        ),
  ];
};

const settings: Look['look'] = async (_place, { config, sources, warnings }) => {
  const own = [...sources]
    .filter(([, source]) => source !== 'config/default.yaml')
    .map(([key, source]) => `${key} from ${source}`);
  return [ok(`profile ${config.profile}${own.length === 0 ? '' : `; ${own.join(', ')}`}`), ...warnings.map(warn)];
};

const plugins: Look['look'] = async ({ root, version }, loaded) => {
  const found = await orderedPlugins({ loaded, root, version });
  return [ok(found.map(({ plugin }) => `${plugin.name} ${plugin.version}`).join(', ') || 'none')];
};

const leastFree = 500_000_000;

const home: Look['look'] = async (_place, { config }) => {
  if (!existsSync(config.home)) return [ok(`${config.home} will be made at the first start`)];
  const { mode } = await stat(config.home);
  const { bavail, bsize } = await statfs(config.home);
  const free = bavail * bsize;
  return [
    existsSync(join(config.home, 'heddle-home.json'))
      ? ok(config.home)
      : fault(`${config.home} is not a Heddle home: set HEDDLE_HOME to a new or empty directory`),
    ...((mode & 0o077) === 0 ? [] : [warn(`${config.home} can be entered by others; the next start closes it (0700)`)]),
    free < leastFree
      ? fault(`only ${Math.round(free / 1e6)} MB are free there: make room, or the database will stop writing`)
      : ok(`${Math.round(free / 1e9)} GB free`),
  ];
};

const embedded = async (config: Configuration): Promise<readonly Finding[]> => {
  const lacking: Finding[] = [];
  for (const tool of ['setpriv', 'flock'])
    await run(tool, ['--version']).catch(() =>
      lacking.push(fault(`'${tool}' is missing: install util-linux, or set DATABASE_URL`)),
    );
  const runAs = chooseAccount(process.getuid?.() ?? 0);
  const binaries = await inspectBinaries(packagedPostgres(), runAs, config.home);
  const cluster = await readCluster(join(config.home, 'database'), binaries.major);
  const owner = await liveOwner(config.home);
  const says = `embedded PostgreSQL ${binaries.version.split('-')[0]}, as ${runAs.name}`;
  const atRest = cluster ? 'stopped' : 'will be made at the first start';
  const links = binaries.ready ? [] : [ok('its programs will be linked or copied at the next start')];
  return [...lacking, ...links, ok(`${says}, ${owner === undefined ? atRest : `run by process ${owner}`}`)];
};

const database: Look['look'] = async (_place, { config }) => {
  const { url, servingUrl, timeouts } = config.database;
  if (url === undefined) return embedded(config);
  const { version, faults } = await inspectDatabase(
    addressOf(url, 'DATABASE_URL'),
    servingUrl === undefined ? undefined : addressOf(servingUrl, 'HEDDLE__DATABASE__SERVING_URL'),
    timeouts.connectMs,
  );
  return faults.length === 0 ? [ok(`PostgreSQL ${version} at DATABASE_URL`)] : faults.map(fault);
};

const askReady = async (address: string): Promise<Finding> => {
  try {
    const answer = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(3_000) });
    return answer.ok
      ? ok(`Heddle answers at ${address} and is ready`)
      : fault(`Heddle answers at ${address} and is not ready: ${await answer.text()}`);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    return fault(`nothing answers at ${address}, though Heddle runs on this home: look at its log`);
  }
};

const port: Look['look'] = async (_place, { config }) => {
  const wanted = config.http.port;
  const portsFile = join(config.home, 'ports.json');
  if (existsSync(portsFile) && (await liveOwner(config.home)) !== undefined) {
    const { http } = JSON.parse(await readFile(portsFile, 'utf8')) as { http: number };
    return [await askReady(`${config.http.tls ? 'https' : 'http'}://${config.http.host ?? 'localhost'}:${http}`)];
  }
  if (wanted === 0) return [ok('a free one will be taken')];
  const server = createServer().listen(wanted);
  try {
    await once(server, 'listening');
    return [ok(`${wanted} is free`)];
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    return [fault(`port ${wanted} is in use: stop what listens there, or set PORT (0 takes a free one)`)];
  } finally {
    server.close();
  }
};

const looks: readonly Look[] = [
  { what: 'runtime', look: async () => runtime() },
  { what: 'settings', look: settings },
  { what: 'plugins', look: plugins },
  { what: 'home', look: home },
  { what: 'database', look: database },
  { what: 'port', look: port },
];

const told = (thrown: unknown): Finding[] => {
  if (thrown instanceof Outcome) return thrown.issues.map(({ diagnostics }) => fault(diagnostics));
  return [fault(thrown instanceof Error ? thrown.message : String(thrown))];
};

const marks = { ok: '✓', warn: '!', fault: '✗' } as const;

const show = (what: string, findings: readonly Finding[]): void => {
  for (const [place, { level, says }] of findings.entries())
    process.stdout.write(`${marks[level]} ${(place === 0 ? what : '').padEnd(10)}${says}\n`);
};

export const doctor: Command['run'] = async (place) => {
  let loaded: Loaded;
  try {
    loaded = loadConfiguration({ root: place.root });
  } catch (thrown) {
    show('runtime', runtime());
    show('settings', told(thrown));
    return 1;
  }
  let faults = 0;
  for (const { what, look } of looks) {
    let findings: readonly Finding[];
    try {
      findings = await look(place, loaded);
    } catch (thrown) {
      findings = told(thrown);
    }
    faults += findings.filter(({ level }) => level === 'fault').length;
    show(what, findings);
  }
  process.stdout.write(faults === 0 ? 'nothing is wrong\n' : `${faults} to mend\n`);
  return faults === 0 ? 0 : 1;
};
