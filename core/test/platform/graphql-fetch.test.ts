import { expect } from 'chai';
import { openMeter } from '../../src/fhir/graphql/meter.ts';
import { nobody, type Answer, type Interaction } from '../../src/fhir/interaction.ts';
import { forbidden, unavailable } from '../../src/outcome/outcome.ts';
import { mostResources, openFetch } from '../../src/platform/graphql/fetch.ts';

describe('what one GraphQL query fetches', () => {
  const interaction: Interaction = { verb: 'operation', caller: nobody };
  const answered = (asked: Interaction): Answer => {
    const resource = `{"resourceType":"${asked.type}","id":"${asked.id}","n":1.00}`;
    if (asked.verb !== 'search-type') return { status: 200, text: resource };
    const entry = `{"resource":${resource},"search":{"mode":"match"}},{"resource":${resource},"search":{"mode":"include"}}`;
    const link = '{"relation":"next","url":"http://x/fhir/Patient?a=b&_cursor=1"}';
    return { status: 200, text: `{"resourceType":"Bundle","total":1,"link":[${link}],"entry":[${entry}]}` };
  };
  const opened = (answer: (asked: Interaction) => Answer | Promise<Answer> = answered) => {
    const asked: Interaction[] = [];
    const meter = openMeter(() => 0);
    const perform = async (each: Interaction): Promise<Answer> => {
      asked.push(each);
      return answer(each);
    };
    return { asked, meter, fetch: openFetch(perform, interaction, meter) };
  };

  it('is read once for each address, as the caller, digits kept', async () => {
    const { fetch, asked } = opened();
    const addresses = [
      { type: 'Patient', id: 'a' },
      { type: 'Patient', id: 'a' },
      { type: 'Patient', id: 'a', version: '2' },
    ];
    const [first, again, old] = await Promise.all(addresses.map(fetch.read));
    expect(JSON.stringify(first)).to.contain('1.00');
    expect(again).to.equal(first);
    expect(old).not.to.equal(first);
    expect(asked.map(({ verb, caller }) => [verb, caller])).to.eql([
      ['read', nobody],
      ['vread', nobody],
    ]);
  });

  it('is searched strictly, and what matches is told apart', async () => {
    const { fetch, asked } = opened();
    const page = await fetch.search('Patient', new URLSearchParams('name=a'));
    await fetch.search('Patient', new URLSearchParams('name=a'));
    expect(asked.map(({ handling }) => handling)).to.eql(['strict']);
    expect([page.matches.length, page.total, page.links.get('next')]).to.eql([1, 1, 'a=b&_cursor=1']);
  });

  it('is fetched eight at a time', async () => {
    let [running, most] = [0, 0];
    const { fetch } = opened(async (asked) => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      return answered(asked);
    });
    await Promise.all(Array.from({ length: 40 }, (_, place) => fetch.read({ type: 'Patient', id: `p${place}` })));
    expect(most).to.equal(8);
  });

  it('ends at its limit, after which nothing is fetched', async () => {
    const { fetch, asked, meter } = opened();
    const reads = Array.from({ length: mostResources + 50 }, (_, place) =>
      fetch.read({ type: 'Patient', id: `p${place}` }),
    );
    const settled = await Promise.allSettled(reads);
    expect(settled.filter(({ status }) => status === 'rejected')).to.have.length(50);
    expect(asked).to.have.length(mostResources);
    expect(meter.over()?.message).to.match(/more than 1000 resources/);
    expect(fetch.left()).to.be.lessThan(1);
  });

  it('goes on after a refusal, and not after a failure', async () => {
    const { fetch, meter, asked } = opened(({ id }) => {
      throw id === 'secret' ? forbidden('not you') : unavailable('the database is away');
    });
    const refusal = async (id: string): Promise<unknown> =>
      fetch.read({ type: 'Patient', id }).catch((thrown: unknown) => String(thrown));
    expect(await refusal('secret')).to.match(/not you/);
    expect(meter.over()).to.equal(undefined);
    expect(await refusal('other')).to.match(/away/);
    expect(meter.over()?.status).to.equal(503);
    expect(await refusal('third')).to.match(/away/);
    expect(asked).to.have.length(2);
  });
});
