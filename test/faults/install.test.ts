/** Proves that a fresh clone brings itself into working order, whatever happens on the way. */
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../core/test/eventually.ts';
import { itWhere } from '../cannot-run.ts';
import {
  bringNode,
  clone,
  emptyHouse,
  registryAnswers,
  run,
  smallHouse,
  wholeHouse,
  type Clone,
  type Run,
} from './clone.ts';

const itOnline = itWhere(registryAnswers(), 'the package registry cannot be reached');

const succeeds = async ({ end, said }: Run): Promise<string> => {
  expect(await end, said()).to.equal(0);
  return said();
};

const refuses = async ({ end, said }: Run): Promise<string> => {
  expect(await end, said()).to.equal(1);
  return said();
};

const installations = (said: string): number => said.split('installing packages').length - 1;

describe('an installation', () => {
  let house: Clone;
  beforeEach(() => (house = clone(smallHouse())));
  afterEach(() => house.uproot());

  const start = (environment: NodeJS.ProcessEnv = {}): Run =>
    run(house.root, [process.execPath, 'bin/heddle.js', 'doctor'], environment);
  const develop = (environment: NodeJS.ProcessEnv = {}): Run =>
    run(house.root, [process.execPath, 'bin/with-modules.js', 'check.ts'], environment);
  const packages = (): string[] =>
    readdirSync(join(house.root, 'node_modules')).filter((name) => !name.startsWith('.'));
  const tickets = (): string[] => {
    const folder = join(house.root, '.cache/install');
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  const npmIsWorking = (): Promise<unknown> => eventually(async () => expect(tickets()).to.have.lengthOf(2));

  itOnline('is made once when two start together, and by none that comes later', async () => {
    const said = (await Promise.all([start(), start()].map(succeeds))).join('\n');
    expect(installations(said), said).to.equal(1);
    expect(said).to.match(/process \d+ is installing; waiting for it/);
    expect(said).to.match(/done in [\d.]+ s/);
    expect(packages()).to.deep.equal(['@heddle', 'koa-compose']);
    expect(installations(await succeeds(start()))).to.equal(0);
  });

  itOnline('made by hand is not made again', async () => {
    await succeeds(run(house.root, ['npm', 'ci', '--ignore-scripts']));
    expect(installations(await succeeds(start()))).to.equal(0);
    expect(installations(await succeeds(develop()))).to.equal(0);
  });

  itOnline('for development is added to one that may be running, without touching its files', async () => {
    await succeeds(start());
    const ofRunning = join(house.root, 'node_modules/koa-compose/package.json');
    const before = statSync(ofRunning).ino;
    await succeeds(develop({ NODE_ENV: 'production' }));
    expect(packages()).to.deep.equal(['@heddle', 'chai', 'koa-compose']);
    expect(statSync(ofRunning).ino).to.equal(before);
    expect(installations(await succeeds(start()))).to.equal(0);
  });

  itOnline('is repaired by the next start when it was killed on the way', async () => {
    const first = start();
    await npmIsWorking();
    process.kill(-(first.child.pid ?? 0), 'SIGKILL');
    await first.end;
    expect(existsSync(join(house.root, 'node_modules/.heddle-installed.json'))).to.equal(false);
    expect(await succeeds(start())).to.include('kernel');
    expect(packages()).to.deep.equal(['@heddle', 'koa-compose']);
    expect(tickets()).to.deep.equal([]);
  });

  itOnline('waits for an npm that outlived the start that began it', async () => {
    const first = start();
    await npmIsWorking();
    first.child.kill('SIGKILL');
    expect(await succeeds(start())).to.match(/process \d+ is installing; waiting for it/);
    expect(packages()).to.deep.equal(['@heddle', 'koa-compose']);
  });

  it('says so when the registry cannot be reached, and what was there stays', async () => {
    const said = await refuses(
      start({
        npm_config_registry: 'http://127.0.0.1:9/',
        npm_config_cache: join(house.root, 'cache'),
        npm_config_fetch_retries: '0',
      }),
    );
    expect(said).to.match(/registry cannot be reached\.\nCheck the network/);
    expect(said).to.include('ECONNREFUSED');
    expect(tickets()).to.deep.equal([]);
  });

  it('says so when package.json and the lock file disagree', async () => {
    const core = { name: '@heddle/core', version: '0.1.0', dependencies: { koa: '3.3.0' } };
    writeFileSync(join(house.root, 'core/package.json'), JSON.stringify(core));
    expect(await refuses(start())).to.match(
      /package\.json and package-lock\.json disagree\.\nWhere .* run `npm install` and `npm run lock`/,
    );
  });
});

describe('npx heddle in a fresh clone', () => {
  it("runs the clone's own command from every folder and never asks a registry for a stranger's", async () => {
    const asked: string[] = [];
    const registry = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(registry, 'listening');
    const house = clone({ ...emptyHouse(), 'docs/.keep': '' });
    bringNode(house);
    const { port } = registry.address() as AddressInfo;
    const environment = {
      npm_config_registry: `http://127.0.0.1:${port}/`,
      npm_config_cache: join(house.root, 'cache'),
    };
    try {
      for (const folder of ['.', 'core', 'docs', 'core/src/boot'])
        expect(
          await succeeds(run(join(house.root, folder), ['npx', 'heddle', 'doctor', folder], environment)),
        ).to.include(`doctor ${folder}`);
      expect(asked).to.deep.equal([]);
    } finally {
      registry.close();
      house.uproot();
    }
  });
});

describe('this repository as a fresh clone', () => {
  itOnline('installs itself from its own lock file and starts under the Node that it brings', async () => {
    const house = clone(wholeHouse());
    try {
      expect(await succeeds(run(house.root, ['node', 'bin/heddle.js', 'doctor']))).to.match(
        /kernel v2[4-9]\.\d+\.\d+ doctor/,
      );
    } finally {
      house.uproot();
    }
  });
});
