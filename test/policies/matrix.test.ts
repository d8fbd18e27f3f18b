import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestServer, type TestServer } from '@heddle/core/testing';
import { bodyOf } from '../../core/src/fhir/body.ts';
import type { Caller, Interaction } from '../../core/src/fhir/interaction.ts';
import { resourceTypes } from '../../core/src/fhir/resource-types.ts';
import { verbs } from '../../core/src/interaction/verbs.ts';
import { asOutcome } from '../../core/src/outcome/outcome.ts';
import { cellOf, matrixText, roles } from './matrix.ts';

type Asked = Omit<Interaction, 'caller' | 'verb'>;

/** What is asked so that nothing comes of it: it is refused by the role, or finds nothing, or is not sound. */
const asks: Readonly<Record<string, (type: string) => Asked>> = {
  read: (type) => ({ type, id: 'none' }),
  vread: (type) => ({ type, id: 'none', version: '1' }),
  'history-instance': (type) => ({ type, id: 'none' }),
  'history-type': (type) => ({ type }),
  'search-type': (type) => ({ type, query: new URLSearchParams({ _id: 'none' }) }),
  'search-compartment': (type) => ({ type, id: 'none', member: 'none' }),
  create: (type) => ({ type, body: bodyOf({ resourceType: type, nonsense: true }) }),
  update: (type) => ({ type, id: 'none', body: bodyOf({ resourceType: type, id: 'none', nonsense: true }) }),
  patch: (type) => ({ type, id: 'none', patch: { kind: 'json', text: '[]' } }),
  delete: (type) => ({ type, id: 'none' }),
};

const ofNoType: Readonly<Record<string, Asked>> = {
  'search-system': { query: new URLSearchParams({ _id: 'none' }) },
  'history-system': { query: new URLSearchParams({ _count: '1' }) },
  batch: { body: bodyOf({ resourceType: 'Bundle', type: 'batch' }) },
  transaction: { body: bodyOf({ resourceType: 'Bundle', type: 'transaction' }) },
  operation: { name: 'versions' },
  'deferred-read': { id: 'none' },
  'deferred-cancel': { id: 'none' },
};

describe('the matrix of roles', () => {
  let server: TestServer;
  const callers = new Map<string, Caller>();
  before(async () => {
    server = await startTestServer();
    for (const role of roles) callers.set(role, await server.caller(role));
  });
  after(() => server.close());

  const isRefused = async (role: string, verb: string, asked: Asked): Promise<boolean> => {
    const caller = callers.get(role) ?? expect.fail();
    try {
      await server.perform({ verb, caller, ...asked });
      return false;
    } catch (thrown) {
      const { status, message } = asOutcome(thrown);
      expect(status, `${role} ${verb} ${asked.type}: ${message}`).to.be.below(500);
      return status === 403 && message.startsWith('the role ');
    }
  };

  it('knows every verb', () => {
    const known = [...Object.keys(asks), ...Object.keys(ofNoType)];
    const closed = verbs.filter(({ open }) => !open).map(({ name }) => name);
    expect(closed.filter((name) => !known.includes(name))).to.deep.equal([]);
  });

  for (const role of roles)
    it(`lets ${role} do with every type what its cell says, and nothing else`, async () => {
      const wrong: string[] = [];
      for (const type of resourceTypes)
        for (const [verb, ask] of Object.entries(asks)) {
          const { whole, part } = cellOf(role, type);
          const allowed = whole.has(verb) || part.has(verb);
          if ((await isRefused(role, verb, ask(type))) === allowed) wrong.push(`${verb} ${type}`);
        }
      for (const [verb, asked] of Object.entries(ofNoType))
        if ((await isRefused(role, verb, asked)) === cellOf(role, undefined).whole.has(verb)) wrong.push(verb);
      expect(wrong).to.deep.equal([]);
    }).timeout(60_000);

  it('stands in the documentation as it is', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/roles.md'), 'utf8');
    expect(page, 'put what test/policies/matrix.ts makes into docs/roles.md').to.contain(matrixText());
  });
});
