import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../core/test/eventually.ts';
import { inFolder, runHeddle, tokenOf } from './running.ts';

interface Body {
  readonly total?: number;
  readonly entry?: readonly { readonly response?: { readonly status?: string } }[];
}

const count = 600;

describe('a batch that is answered later', () => {
  it('is finished after a kill, with each of its entries done once', () =>
    inFolder(async (folder) => {
      const environment = { HEDDLE_HOME: join(folder, 'home'), HEDDLE__LOG__LEVEL: 'error' };
      const first = runHeddle({ environment });
      const url = await first.ready;
      const headersOf = async (at: string): Promise<Record<string, string>> => ({
        Authorization: `Bearer ${await tokenOf(at)}`,
        'Content-Type': 'application/fhir+json',
      });
      const entry = Array.from({ length: count }, (_, n) => ({
        resource: { resourceType: 'Patient', identifier: [{ system: 'urn:kill', value: `k${n}` }] },
        request: { method: 'POST', url: 'Patient' },
      }));
      const sent = await fetch(`${url}/fhir/`, {
        method: 'POST',
        headers: { ...(await headersOf(url)), Prefer: 'respond-async' },
        body: JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }),
      });
      const path = new URL(sent.headers.get('content-location') ?? '').pathname;
      const headers = await headersOf(url);
      await eventually(async () => {
        const { headers: said } = await fetch(`${url}${path}`, { headers });
        expect(said.get('x-progress')).to.match(/^\d+ of/);
      });
      first.child.kill('SIGKILL');
      await first.exit;

      const second = runHeddle({ environment });
      const again = await second.ready;
      const from = performance.now();
      const anew = await headersOf(again);
      const body = await eventually(async () => {
        const answer = await fetch(`${again}${path}`, { headers: anew });
        expect(answer.status).to.equal(200);
        return (await answer.json()) as Body;
      }, 1_500);
      const told = `${Math.round(performance.now() - from)} ms after the new start`;
      expect(body.entry?.map(({ response }) => response?.status)).to.deep.equal(entry.map(() => '201 Created'));
      const found = await fetch(`${again}/fhir/Patient?identifier=urn:kill|&_count=1000`, { headers: anew });
      expect(((await found.json()) as Body).entry, told).to.have.length(count);
      second.child.kill('SIGTERM');
      await second.exit;
    })).timeout(120_000);
});
