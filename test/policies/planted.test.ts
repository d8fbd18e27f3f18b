import { expect } from 'chai';
import { startTestServer, type TestServer } from '@heddle/core/testing';
import type { Access, Sight } from '../../core/src/policy/access.ts';
import { seeded } from '../../core/test/seeded.ts';
import { openField, type Plant } from './field.ts';
import { openRounds } from './rounds.ts';

/** More than the others need: the rarest hole is found in a few hundred. */
const most = 6_000;

const asked =
  (change: (verb: string, type: string, sights: readonly Sight[], access: Access) => readonly Sight[]): Plant =>
  (access) => ({
    ...access,
    sights: async (caller, verb, type) => change(verb, type, await access.sights(caller, verb, type), access),
  });

/** A verb that somebody forgot. */
const forgets = (...verbs: readonly string[]): Plant =>
  asked((verb, _type, sights) => (verbs.includes(verb) ? [] : sights));

const leaks: Readonly<Record<string, Plant>> = {
  'a read that is not narrowed': forgets('read'),
  'an old version that is shown to whoever knows its number': forgets('vread'),
  'a search that is not narrowed': forgets('search-type'),
  'a history that is not narrowed': forgets('history-instance'),
  'a create of what the caller could not read': forgets('create'),
  'an update of what belongs to others': forgets('update'),
  'a patch of what belongs to others': forgets('patch'),
  'a delete of what belongs to others': forgets('delete'),
  'elements that are shown though they are not to be': asked((_verb, _type, sights) =>
    sights.map((ways) => ways.map(({ show: _show, ...way }) => way)),
  ),
  'a type of which nobody thought': asked((_verb, type, sights) => (type === 'RiskAssessment' ? [] : sights)),
  'only the first of several ways': asked((_verb, _type, sights) => sights.map((ways) => ways.slice(0, 1))),
  'criteria that hold for nobody in particular': (access) => ({
    ...access,
    sights: (caller, verb, type) => access.sights({ ...caller, fhirUser: { type: 'Patient', id: 'r0' } }, verb, type),
  }),
};

describe('a leak is noticed:', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  for (const [name, plant] of Object.entries(leaks))
    it(name, async () => {
      const random = seeded();
      const round = openRounds(await openField(server, random, plant));
      let noticed: unknown;
      for (let n = 0; n < most && noticed === undefined; n++)
        try {
          await round(n);
        } catch (thrown) {
          noticed = thrown;
        }
      expect(noticed, `seed ${random.seed}: nobody noticed in ${most} rounds`).to.be.instanceOf(Error);
      expect(String(noticed), `seed ${random.seed}`).to.contain('AssertionError');
    }).timeout(120_000);
});
