import { expect } from 'chai';
import { formatOfBody, wantedFormat } from '../../src/http/media-type.ts';
import { readPrefer } from '../../src/http/prefer.ts';
import { refused } from '../outcomes.ts';

describe('the media type of an answer', () => {
  const wanted: Readonly<Record<string, string>> = {
    '': 'json',
    '*/*': 'json',
    'application/json': 'json',
    'application/fhir+xml': 'xml',
    'text/html,application/xhtml+xml,*/*;q=0.8': 'json',
    'application/fhir+json;q=0.1, application/fhir+xml': 'xml',
    'application/fhir+json;q=0, application/fhir+xml;q=0.1': 'xml',
    'application/*, text/xml': 'xml',
    'application/fhir+json; fhirVersion=4.0; charset=utf-8': 'json',
    'application/fhir+xml; fhirVersion=5.0, application/fhir+json': 'json',
  };
  for (const [accept, format] of Object.entries(wanted))
    it(`is ${format} for Accept: ${accept || 'nothing'}`, () => {
      expect(wantedFormat(accept, null)).to.equal(format);
    });

  it('is what _format says, before every header', () => {
    expect(wantedFormat('application/fhir+json', 'xml')).to.equal('xml');
    expect(wantedFormat('', 'application/fhir xml')).to.equal('xml');
    expect(wantedFormat('text/xml', 'application/fhir+json')).to.equal('json');
  });

  it('is refused where none is known', async () => {
    for (const [accept, format] of [
      ['image/png', null],
      ['application/fhir+json;fhirVersion=3.0', null],
      ['', 'ttl'],
    ] as const)
      await refused(
        Promise.resolve().then(() => wantedFormat(accept, format)),
        406,
      );
  });

  it('of a body is known by every name it has, and in UTF-8 only', async () => {
    for (const name of ['application/fhir+json', 'application/json; charset=UTF-8', 'text/json'])
      expect(formatOfBody(name), name).to.equal('json');
    expect(formatOfBody('APPLICATION/FHIR+XML')).to.equal('xml');
    for (const name of ['', 'text/plain', 'application/fhir+json; fhirVersion=5.0'])
      expect(formatOfBody(name), name).to.equal(undefined);
    await refused(
      Promise.resolve().then(() => formatOfBody('application/json; charset=iso-8859-1')),
      415,
    );
  });
});

describe('the Prefer header', () => {
  const cases: Readonly<Record<string, object>> = {
    '': {},
    'return=minimal': { returning: 'minimal' },
    'return=OperationOutcome; handling=strict': { returning: 'OperationOutcome', handling: 'strict' },
    'return="representation", respond-async': { returning: 'representation', async: true },
    'return=everything, handling=loose, wait=5': {},
  };
  for (const [header, preference] of Object.entries(cases))
    it(`reads ${header || 'nothing'}`, () => {
      expect(readPrefer(header)).to.deep.equal(preference);
    });
});
