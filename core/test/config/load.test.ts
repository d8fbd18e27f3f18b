import { expect } from 'chai';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration } from '../../src/config/load.ts';
import { nearest } from '../../src/config/nearest.ts';
import { Outcome } from '../../src/outcome/outcome.ts';

const root = join(import.meta.dirname, '../../..');
const load = (environment: Record<string, string>, from = root) =>
  loadConfiguration({ root: from, environment, cwd: '/somewhere' });

const faults = (environment: Record<string, string>, from = root): readonly string[] => {
  try {
    load(environment, from);
  } catch (thrown) {
    if (thrown instanceof Outcome) return thrown.issues.map(({ diagnostics }) => diagnostics);
    throw thrown;
  }
  return [];
};

const master = Buffer.from('a random master key for the test').toString('base64');
const production = {
  HEDDLE_PROFILE: 'production',
  HEDDLE_PUBLIC_URL: 'https://heddle.example',
  HEDDLE__KEYS__MASTER: master,
  HEDDLE__HTTP__PROXIES: '10.0.0.1, 10.0.0.2',
};

describe('the configuration', () => {
  it('has a default for every key that needs one', () => {
    const { config } = load({});
    expect(config.profile).to.equal('demo');
    expect(config.http.port).to.equal(8080);
    expect(config.home).to.equal(join(root, '.heddle'));
  });

  it('lets the profile lie over the default and the environment over both', () => {
    const { config, sources } = load({ HEDDLE_PROFILE: 'test', HEDDLE__LOG__LEVEL: 'debug', PORT: '81' });
    expect([config.database.fsync, config.log.level, config.http.port]).to.deep.equal([false, 'debug', 81]);
    expect(sources.get('database.fsync')).to.equal('config/test.yaml');
    expect(sources.get('http.port')).to.equal('PORT');
    expect(sources.get('workers')).to.equal('config/default.yaml');
  });

  it('takes any key by its variable, whatever its spelling', () => {
    const { config } = load({
      HEDDLE__HTTP__BODY_LIMIT_BYTES: '2000',
      HEDDLE__database__lanes__READ: '3',
      HEDDLE__PLUGINS__PORTAL__FIRST_PAGE: '[1, x]',
    });
    expect([config.http.bodyLimitBytes, config.database.lanes.read]).to.deep.equal([2000, 3]);
    expect(config.plugins['portal']).to.deep.equal({ firstPage: [1, 'x'] });
  });

  it('takes an empty variable as not set', () => {
    expect(load({ DATABASE_URL: '' }).config.database.url).to.equal(undefined);
  });

  it('resolves a home from the environment where the command was given', () => {
    expect(load({ HEDDLE_HOME: 'here' }).config.home).to.equal('/somewhere/here');
  });

  it('refuses unknown names with the nearest known one, all of them together', () => {
    const told = faults({
      HEDDLE_HOM: 'x',
      HEDDLE__HTTP__BODYLIMITBYTE: '1',
      HEDDLE__WORKERZ: '2',
      HEDDLE__LOG__LEVEL: 'loud',
      PORT: 'eighty',
    });
    expect(told).to.have.length(5);
    const all = told.join('\n');
    for (const part of [
      "HEDDLE_HOM: unknown variable (did you mean 'HEDDLE_HOME'?)",
      "'bodyLimitBytes'",
      "'workers'",
      'log.level in HEDDLE__LOG__LEVEL',
      'http.port in PORT',
    ])
      expect(all).to.contain(part);
  });

  it('never repeats a value, which may be a secret', () => {
    expect(faults({ HEDDLE__KEYS__MASTER: 'hunter2' }).join())
      .to.match(/keys\.master/)
      .and.not.contain('hunter2');
  });

  it('tells of values that cannot be read by their variable, and never crashes on them', () => {
    const told = faults({
      HEDDLE__PLUGINS__PORTAL__X: '{a: s3cret',
      HEDDLE__DATABASE: 's3cret',
      HEDDLE__DATABASE__URL: 's3cret@localhost',
      HEDDLE__HTTP__PROXIES: '10.0.0.0/8, s3cret',
    }).join('\n');
    expect(told)
      .to.match(/HEDDLE__PLUGINS__PORTAL__X: its value is not YAML/)
      .and.match(/HEDDLE__DATABASE/)
      .and.match(/http\.proxies/)
      .and.not.contain('s3cret');
    for (const address of ['https://u:s3cret@h', 'https://h?s3cret', 'https://h#s3cret', 'ftp://s3cret'])
      expect(faults({ HEDDLE_PUBLIC_URL: address }).join())
        .to.match(/publicUrl/)
        .and.not.contain('s3cret');
    expect(faults({ DATABASE_URL: 's3cret@localhost' }).join()).to.match(/database\.url in DATABASE_URL/);
  });

  it('warns of a variable whose part is still to come, and takes another identity provider by its address', () => {
    expect(load({ HEDDLE_HL7_PORT: '2575' }).warnings.join()).to.contain('HEDDLE_HL7_PORT');
    expect(load({ HEDDLE_AUTH_ISSUER: 'https://idp/' }).config.identity.issuer).to.equal('https://idp');
    expect(faults({ HEDDLE_AUTH_ISSUER: 'idp' }).join()).to.contain('identity.issuer');
  });

  it('tells faults in files by file, also where YAML itself breaks', () => {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-config-'));
    try {
      mkdirSync(join(folder, 'config'));
      writeFileSync(
        join(folder, 'config/default.yaml'),
        'profile: demo\nhome: x\nhttp: { prt: 1, cors: { origins: [] } }\n',
      );
      writeFileSync(join(folder, 'config/demo.yaml'), 'a: [\n');
      const all = faults({}, folder).join('\n');
      expect(all).to.contain("http.prt in config/default.yaml: unknown setting (did you mean 'port'?)");
      expect(all).to.match(/config\/demo\.yaml: /);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the nearest known name', () => {
  it('is one that a typing mistake could have meant, or none', () => {
    const known = ['admin', 'doctor', 'workers'];
    for (const meant of ['admni', 'Admin', 'admi', 'adminn', 'amdin'])
      expect(nearest(meant, known), meant).to.equal('admin');
    expect(nearest('workerz', known)).to.equal('workers');
    for (const other of ['nurse', 'x', '']) expect(nearest(other, known), other).to.equal(undefined);
  });
});

describe('production', () => {
  it('starts when it is safe', () => {
    expect(load(production).config.http.proxies).to.deep.equal(['10.0.0.1', '10.0.0.2']);
  });

  const unsafe: Record<string, [Record<string, string>, RegExp]> = {
    'demo accounts': [{ HEDDLE__IDENTITY__DEMO_ACCOUNTS: 'true' }, /demoAccounts/],
    'no master key': [{ HEDDLE__KEYS__MASTER: '' }, /keys\.master is not set/],
    'a master key that is an example': [
      { HEDDLE__KEYS__MASTER: Buffer.alloc(32, 'changeme').toString('base64') },
      /not random/,
    ],
    'no public address': [{ HEDDLE_PUBLIC_URL: '' }, /HEDDLE_PUBLIC_URL is not set/],
    'a public address without TLS': [{ HEDDLE_PUBLIC_URL: 'http://heddle.example' }, /not https/],
    'plain HTTP without a proxy': [{ HEDDLE__HTTP__PROXIES: '' }, /plain HTTP without a proxy/],
    'a database without fsync': [{ HEDDLE__DATABASE__FSYNC: 'false' }, /fsync/],
  };
  for (const [what, [change, reason]] of Object.entries(unsafe))
    it(`refuses ${what}`, () => {
      expect(faults({ ...production, ...change }).join('\n')).to.match(reason);
    });

  it('tells unsafe settings together with faulty ones', () => {
    const all = faults({ ...production, HEDDLE__LOG__LEVEL: 'loud', HEDDLE__IDENTITY__DEMO_ACCOUNTS: 'true' }).join(
      '\n',
    );
    expect(all)
      .to.match(/log\.level/)
      .and.match(/demoAccounts/);
  });
});
