import { expect } from 'chai';
import { startTestServer, type TestServer } from '@heddle/core/testing';
import { operationKind } from '../../core/src/interaction/operation-kind.ts';
import { verbs } from '../../core/src/interaction/verbs.ts';
import { seeded } from '../../core/test/seeded.ts';
import { openField } from './field.ts';
import { generatorsOf, openRounds } from './rounds.ts';

const random = seeded();

/** What fits the time that `npm test` has; `npm run policy:prove -- 10000` asks more of them. */
const rounds = Number(process.env['ROUNDS'] ?? 4_000);

/** Verbs that show nothing of what is stored, or only what the caller himself has left. */
const harmless: Readonly<Record<string, string>> = {
  capabilities: 'says what the server can do',
  'deferred-read': 'answers what came of the same caller’s own interaction, which walked the line',
  'deferred-cancel': 'changes nothing that is stored',
};

const harmlessOperations: Readonly<Record<string, string>> = {
  versions: 'names versions of FHIR',
  status: 'counts what an index has done',
  'break-the-glass': 'lets in on purpose: records.test.ts says whom, for how long, and who is told',
};

describe('policies hold on every way out', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  it('and each verb and operation is asked', async () => {
    const generators = generatorsOf(await openField(server, random));
    expect(verbs.map(({ name }) => name).filter((name) => !generators[name] && !harmless[name])).to.deep.equal([]);
    const operations = server.serving.kernel.registry.all(operationKind).map(({ value }) => value.name);
    expect([...new Set(operations)].filter((name) => name !== 'graphql' && !harmlessOperations[name])).to.deep.equal(
      [],
    );
  });

  it('which show, count, sort and write what the naive model would', async () => {
    const round = openRounds(await openField(server, random));
    for (let n = 0; n < rounds; n++) await round(n);
  }).timeout(60_000 + rounds * 60);
});
