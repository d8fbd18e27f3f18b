import { expect } from 'chai';
import type { CapabilityStatement, CapabilityStatementRestResourceSearchParam } from '@medplum/fhirtypes';
import type { Caller } from '../../core/src/fhir/interaction.ts';
import { parseBody } from '../../core/src/fhir/body.ts';
import { r4SearchParameters } from '../../core/src/platform/search-parameters.ts';
import { startTestServer, type TestServer } from '@heddle/core/testing';

type Claimed = CapabilityStatementRestResourceSearchParam;

const byUrl = new Map(r4SearchParameters().map((parameter) => [parameter.url, parameter]));

/** A value that fits the kind. */
const values: Readonly<Record<string, string>> = {
  ...{ token: 'http://a|x', reference: 'x', string: 'x', date: 'ge2020-01', number: 'lt5.4' },
  ...{ quantity: 'gt5.4|http://unitsofmeasure.org|mg', uri: 'http://a/b', special: '1|2|3|km' },
};

const ofEveryType: Readonly<Record<string, readonly [name: string, value: string]>> = {
  _list: ['_list', 'x'],
  _has: ['_has:Provenance:target:_id', 'x'],
  _filter: ['_filter', '_id eq x'],
  _type: ['_type', 'Patient,Observation'],
};

const valueOf = ({ type, definition = '' }: Claimed): string => {
  const { component = [] } = byUrl.get(definition) ?? {};
  if (type !== 'composite') return values[type ?? ''] ?? expect.fail(`no value of kind ${type}`);
  return component.map((part) => values[byUrl.get(part.definition)?.type ?? ''] ?? expect.fail(definition)).join('$');
};

describe('what the CapabilityStatement claims of searches', () => {
  let server: TestServer;
  let caller: Caller;
  let statement: CapabilityStatement;
  before(async () => {
    server = await startTestServer();
    caller = await server.caller('admin');
    statement = (await (await fetch(`${server.url}/fhir/metadata`)).json()) as CapabilityStatement;
  });
  after(() => server.close());

  const rest = () => statement.rest?.[0] ?? expect.fail('nothing is claimed');

  /** Undefined: it was answered. */
  const fault = async (type: string | undefined, query: readonly (readonly [string, string])[]): Promise<string[]> => {
    const params = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]));
    const asked = type === undefined ? { verb: 'search-system' } : { verb: 'search-type', type };
    try {
      const answer = await server.perform({ ...asked, query: params, handling: 'strict', caller });
      return answer.status === 200 ? [] : [`${type}?${params.toString()} ${answer.status}`];
    } catch (thrown) {
      return [`${type}?${params.toString()} ${String(thrown)}`];
    }
  };

  it('is sound by our own check of structures', () => {
    const { resource } = parseBody(JSON.stringify(statement));
    expect(server.serving.kernel.structures.faults(resource)).to.deep.equal([]);
  });

  it('holds for every parameter of every type', async () => {
    let asked = 0;
    for (const { type = '', searchParam = [] } of rest().resource ?? []) {
      const faults = await Promise.all(
        searchParam.map((claimed) =>
          fault(type, [
            [claimed.name ?? '', valueOf(claimed)],
            ['_count', '1'],
          ]),
        ),
      );
      expect(faults.flat()).to.deep.equal([]);
      asked += searchParam.length;
    }
    expect(asked).to.be.above(2_000);
  }).timeout(180_000);

  it('holds for every include, both ways', async () => {
    let asked = 0;
    for (const { type = '', searchInclude = [], searchRevInclude = [] } of rest().resource ?? []) {
      const includes = [
        ...searchInclude.map((value) => ['_include', value] as const),
        ...searchRevInclude.map((value) => ['_revinclude', value] as const),
      ];
      for (let from = 0; from < includes.length; from += 50)
        expect(await fault(type, includes.slice(from, from + 50))).to.deep.equal([]);
      asked += includes.length;
    }
    expect(asked).to.be.above(10_000);
    const of = (wanted: string) => rest().resource?.find(({ type }) => type === wanted);
    expect(of('Observation')?.searchInclude).to.include('Observation:subject');
    expect(of('Patient')?.searchRevInclude).to.include.members(['Observation:patient', 'Provenance:target']);
    expect(of('Medication')?.searchRevInclude).not.to.include('Observation:subject');
  }).timeout(180_000);

  it('holds for what is asked of every type, of one and of several', async () => {
    const claimed = rest().searchParam ?? [];
    expect(claimed.map(({ name }) => name).join(' ')).to.equal(
      '_id _lastUpdated _tag _profile _security _source _text _content _list _has _filter _type',
    );
    for (const each of claimed) {
      const query = ofEveryType[each.name ?? ''] ?? ([each.name ?? '', valueOf(each)] as const);
      const several = query[0] === '_type' ? [query] : [query, ['_type', 'Patient,Observation'] as const];
      expect(await fault(undefined, several)).to.deep.equal([]);
      if (query[0] === '_type') continue;
      for (const { type = '', searchRevInclude: [referring] = [] } of rest().resource ?? []) {
        // Nothing refers to some types.
        if (each.name === '_has' && referring === undefined) continue;
        const ofType = each.name === '_has' ? ([`_has:${referring}:_id`, 'x'] as const) : query;
        expect(await fault(type, [ofType])).to.deep.equal([]);
      }
    }
  }).timeout(180_000);

  it('names the compartments that can be searched', async () => {
    const names = ['device', 'encounter', 'patient', 'practitioner', 'relatedPerson'];
    expect(rest().compartment).to.deep.equal(names.map((name) => `http://hl7.org/fhir/CompartmentDefinition/${name}`));
    for (const name of names) {
      const type = name.charAt(0).toUpperCase() + name.slice(1);
      const answer = await server.perform({ verb: 'search-compartment', type, id: 'x', member: '*', caller });
      expect(answer.status, type).to.equal(200);
    }
  });
});
