import { expect } from 'chai';
import type { Resource } from '../../../src/fhir/body.ts';
import { difference, openIndex } from '../../../src/store/index/entries.ts';
import { linkKey, parameterKey } from '../../../src/store/index/parameter-key.ts';
import { indexNeeds } from '../../r4-index.ts';

const { index } = openIndex({
  ...indexNeeds,
  targetsOf: ({ extension }) =>
    extension === undefined
      ? []
      : [
          { type: 'Patient', id: 'linked' },
          { type: 'Patient', id: '1' },
        ],
});
const observation: Resource = {
  ...{ resourceType: 'Observation', status: 'final', subject: { reference: 'Patient/1' } },
  code: {
    coding: [
      { system: 'http://loinc.org', code: '1' },
      { system: 'http://loinc.org', code: '1' },
    ],
  },
  effectiveDateTime: '2024-05-01T10:00:00Z',
};
const at = Date.parse('2024-05-01T10:00:00Z');
const told = (resource: Resource): string[] =>
  index(resource.resourceType, resource).entries.words.map((word) => `${word.param} ${word.value} ${word.at}`);
const key = (code: string): number => parameterKey('Observation', code);

describe('the index entries of a resource', () => {
  it('hold each value once, references and codes with the date of the resource', () => {
    expect(told(observation).toSorted()).to.deep.equal(
      [
        `${key('status')} final\u0001 0`,
        `${key('subject')} 1\u0001Patient ${at}`,
        `${key('code')} 1\u0001http://loinc.org ${at}`,
      ].toSorted(),
    );
    expect(index('Observation', observation).entries.spans).to.deep.equal([
      { param: key('date'), long: false, low: at, high: at + 999 },
    ]);
  });

  it('hold what it refers to beside every parameter, once', () => {
    const linked = told({ ...observation, extension: [] });
    expect(linked).to.include(`${linkKey('Observation')} linked\u0001Patient 0`);
    expect(linked.filter((word) => word.includes(' 1\u0001Patient'))).to.have.length(1);
  });

  it('of a resource with thousands of values are made in no time, and each once', () => {
    const member = Array.from({ length: 20_000 }, (_, n) => ({ entity: { reference: `Patient/${n % 10_000}` } }));
    const from = performance.now();
    const { words } = index('Group', { resourceType: 'Group', type: 'person', actual: true, member }).entries;
    expect(words.filter(({ param }) => param === parameterKey('Group', 'member'))).to.have.length(10_000);
    expect(performance.now() - from).to.be.lessThan(1_000);
  });

  it('differ between two versions only where these differ', () => {
    const before = index('Observation', observation).entries;
    const after = index('Observation', { ...observation, status: 'amended' }).entries;
    expect(difference(after, before)).to.deep.equal({
      words: [{ param: key('status'), value: 'amended\u0001', at: 0 }],
      spans: [],
    });
    expect(difference(before, before)).to.deep.equal({ words: [], spans: [] });
  });
});
