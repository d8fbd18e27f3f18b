import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../core/test/eventually.ts';
import { handOf, idOf, inFolder, runHeddle, tokenOf, type Running } from '../faults/running.ts';

const said = async (running: Running): Promise<{ code: number | null; output: string }> => ({
  code: (await running.exit).code,
  output: running.output(),
});

const stop = async ({ child, exit }: Running): Promise<void> => {
  child.kill('SIGTERM');
  expect((await exit).code).to.equal(0);
};

describe('a newcomer', () => {
  it('has Heddle running within 30 s, signs in, stores and reads; the second start takes under 3 s', () =>
    inFolder(async (folder) => {
      const environment = { HEDDLE_HOME: join(folder, 'home') };
      const begun = performance.now();
      const first = runHeddle({ environment });
      const url = await first.ready;
      expect(performance.now() - begun).to.be.below(30_000);
      expect(first.output()).to.match(/^heddle ready http:\/\/localhost:\d+$/m);
      const hand = await handOf(url);
      const id = await idOf(await hand.create());
      await stop(first);
      const again = performance.now();
      const second = runHeddle({ environment });
      expect((await (await handOf(await second.ready)).read(id)).status).to.equal(200);
      expect(performance.now() - again).to.be.below(3_000);
      await stop(second);
    }));

  it('is told by doctor what is wrong, and how to mend it', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const before = await said(runHeddle({ args: ['doctor'], environment: { HEDDLE_HOME: home } }));
      expect(before.code).to.equal(0);
      expect(before.output)
        .to.match(/✓ runtime +Node 2\d/)
        .and.match(/will be made at the first start/)
        .and.match(/nothing is wrong/);
      const running = runHeddle({ environment: { HEDDLE_HOME: home } });
      const { port } = new URL(await running.ready);
      const during = await said(runHeddle({ args: ['doctor'], environment: { HEDDLE_HOME: home } }));
      expect(during.output)
        .to.contain(`run by process ${running.child.pid}`)
        .and.match(/answers at .* and is ready/);
      const elsewhere = await said(
        runHeddle({
          args: ['doctor'],
          environment: { HEDDLE_HOME: join(folder, 'other'), PORT: port, DATABASE_URL: 'postgresql://x@127.0.0.1:1/x' },
        }),
      );
      expect(elsewhere.code).to.equal(1);
      expect(elsewhere.output)
        .to.match(/✗ database +.*ECONNREFUSED/)
        .and.match(new RegExp(`✗ port +port ${port} is in use: stop`))
        .and.match(/2 to mend/);
      const misspelt = await said(runHeddle({ args: ['doctor'], environment: { HEDDLE_HOMER: 'x' } }));
      expect(misspelt.output).to.match(/✗ settings +HEDDLE_HOMER: unknown variable \(did you mean 'HEDDLE_HOME'\?\)/);
      await stop(running);
    }));

  it('is told which commands there are', async () => {
    const help = await said(runHeddle({ args: ['help'] }));
    for (const name of ['start', 'migrate', 'doctor', 'account', 'keys'])
      expect(help.output).to.match(new RegExp(`^ +${name} `, 'm'));
    const unknown = await said(runHeddle({ args: ['docter'] }));
    expect([unknown.code, unknown.output]).to.satisfy(
      ([code, output]: [number, string]) => code === 64 && output.includes("did you mean 'doctor'?"),
    );
  });
});

describe('an operator', () => {
  const production = (home: string): Record<string, string> => ({
    HEDDLE_HOME: home,
    HEDDLE_PROFILE: 'production',
    HEDDLE_PUBLIC_URL: 'https://hospital.example',
    HEDDLE__HTTP__PROXIES: '127.0.0.1',
    HEDDLE__HTTP__NOTICE_MS: '0',
    // A script signs in here: nobody types a code.
    HEDDLE__IDENTITY__SECOND_FACTOR: 'optional',
    HEDDLE__KEYS__MASTER: randomBytes(32).toString('base64'),
  });

  it('starts production: no demo account, a first account of his own, links under the public address', () =>
    inFolder(async (folder) => {
      const environment = production(join(folder, 'home'));
      const refused = runHeddle({ args: ['account', 'add', 'chief', 'st-mary', 'admni'], environment });
      expect((await said(refused)).output)
        .to.match(/no role 'admni' \(did you mean 'admin'\?\)/)
        .and.match(/at least 12 characters/);
      const secret = 'a long pass phrase';
      const made = runHeddle({
        args: ['account', 'add', 'chief', 'st-mary', 'admin'],
        environment,
        input: `${secret}\n`,
      });
      expect(await said(made)).to.include({ code: 0 });
      const running = runHeddle({ environment });
      expect(await running.ready).to.equal('https://hospital.example');
      const url = `http://localhost:${running.port()}`;
      expect(await tokenOf(url, 'admin'), 'a demo account').to.equal(undefined);
      const token = await tokenOf(url, 'chief', secret);
      const created = await fetch(`${url}/fhir/Patient`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' },
        body: '{"resourceType":"Patient"}',
      });
      expect(created.headers.get('location')).to.match(/^https:\/\/hospital\.example\/fhir\/Patient\//);
      expect(created.headers.get('strict-transport-security')).to.contain('max-age');
      await stop(running);
      expect(running.output()).to.not.contain(secret).and.not.contain(token);
    }));

  it('lists, rotates, drops and reseals keys while Heddle runs and while it does not', () =>
    inFolder(async (folder) => {
      const environment = { HEDDLE_HOME: join(folder, 'home'), HEDDLE__LOG__LEVEL: 'warn' };
      const command = (...args: readonly string[]) => said(runHeddle({ args, environment }));
      const running = runHeddle({ environment });
      const url = await running.ready;
      const token = await tokenOf(url);
      const status = async (): Promise<number> =>
        (await fetch(`${url}/fhir/Basic/none`, { headers: { Authorization: `Bearer ${token}` } })).status;
      const { output } = await command('keys', 'list');
      expect(output.match(/current$/gm)).to.have.length(5);
      expect((await command('keys', 'rotate', 'token')).output).to.match(/token \S+ is current/);
      expect(await status()).to.equal(404);
      const [, signed = ''] = /^token +(\S+) /m.exec(output) ?? [];
      expect((await command('keys', 'drop', signed)).output).to.contain('is dropped');
      await eventually(async () => expect(await status()).to.equal(401));
      const added = runHeddle({
        args: ['account', 'add', 'new', 'hospital', 'nurse'],
        environment,
        input: 'a long pass phrase',
      });
      expect((await said(added)).output).to.contain('new may sign in');
      expect(await tokenOf(url, 'new', 'a long pass phrase')).to.match(/^ey/);
      const misspelt = runHeddle({
        args: ['account', 'add', 'newer', 'hospitl', 'nurse'],
        environment,
        input: 'a long pass phrase',
      });
      expect((await said(misspelt)).output).to.match(/no tenant 'hospitl' \(did you mean 'hospital'\?\)/);
      await stop(running);
      expect((await command('keys', 'reseal')).output).to.match(/0 keys sealed/);
      expect((await command('keys', 'turn')).code).to.equal(64);
    }));

  it('may run a demo home in production: its demo accounts are nobody there', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const demo = runHeddle({ environment: { HEDDLE_HOME: home } });
      expect(await tokenOf(await demo.ready)).to.match(/^ey/);
      await stop(demo);
      const master = readFileSync(join(home, 'keys/master.key'), 'utf8').trim();
      const running = runHeddle({ environment: { ...production(home), HEDDLE__KEYS__MASTER: master } });
      await running.ready;
      const url = `http://localhost:${running.port()}`;
      for (const username of ['admin', 'otherhospital-admin'])
        expect(await tokenOf(url, username), username).to.equal(undefined);
      const machine = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'heddle-service',
        client_secret: 'heddle',
      });
      const answer = await fetch(`${url}/realms/heddle/protocol/openid-connect/token`, {
        method: 'POST',
        body: machine,
      });
      expect(answer.status).to.equal(401);
      await stop(running);
    }));

  it('migrates without serving', () =>
    inFolder(async (folder) => {
      const environment = { HEDDLE_HOME: join(folder, 'home'), HEDDLE__LOG__LEVEL: 'warn' };
      expect((await said(runHeddle({ args: ['migrate'], environment }))).output).to.match(
        /migrations +\d+ ms +core 001-frame/,
      );
      expect((await said(runHeddle({ args: ['migrate'], environment }))).output).to.match(
        /migrations +\d+ ms +none pending/,
      );
    }));
});
