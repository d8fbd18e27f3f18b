import { expect } from 'chai';
import type { Link } from '../../../src/fhir/structure/links.ts';
import { structures } from './opened.ts';

const resource = () => ({
  resourceType: 'Patient',
  meta: { profile: ['http://a/p', 'http://a/q'] },
  text: {
    status: 'generated',
    div: '<div xmlns="http://www.w3.org/1999/xhtml"><a href="urn:x?a&amp;b">a</a><img src="y"/></div>',
  },
  contained: [{ resourceType: 'Practitioner', id: 'p', identifier: [{ system: 'urn:s' }] }],
  extension: [{ url: 'urn:e', valueReference: { reference: 'Basic/1' } }],
  _birthDate: { extension: [{ url: 'urn:f', valueUuid: 'urn:uuid:1' }] },
  generalPractitioner: [{ extension: [{ url: 'urn:g', valueCanonical: 'c' }], reference: '#p', type: 'Practitioner' }],
});

const visited = (value: unknown): string[] => {
  const lines: string[] = [];
  structures.links(value, ({ kind, value: text, targets, path }) => {
    lines.push([path(), kind, text, ...(targets ? [targets.join('/')] : [])].join(' '));
    return undefined;
  });
  return lines;
};

describe('the links of a resource', () => {
  it('are all visited, wherever they stand, with their kind, their place and what they may lead to', () => {
    expect(visited(resource())).to.deep.equal([
      'Patient.meta.profile[0] canonical http://a/p',
      'Patient.meta.profile[1] canonical http://a/q',
      'Patient.text.div narrative urn:x?a&b',
      'Patient.text.div narrative y',
      'Patient.contained[0].identifier[0].system uri urn:s',
      'Patient.extension[0].url uri urn:e',
      'Patient.extension[0].value.reference reference Basic/1',
      'Patient.birthDate.extension[0].url uri urn:f',
      'Patient.birthDate.extension[0].value uri urn:uuid:1',
      'Patient.generalPractitioner[0].extension[0].url uri urn:g',
      'Patient.generalPractitioner[0].extension[0].value canonical c',
      'Patient.generalPractitioner[0].reference reference #p Organization/Practitioner/PractitionerRole',
      'Patient.generalPractitioner[0].type uri Practitioner',
    ]);
  });

  it('take the text that the visitor answers', () => {
    const patient = resource();
    structures.links(patient, ({ value }) =>
      /^(?:urn:x|http:\/\/a\/q|#p|y$)/.test(value) ? `Patient/1?"<${value.length}&` : undefined,
    );
    expect(patient.meta.profile).to.deep.equal(['http://a/p', 'Patient/1?"<10&']);
    expect(patient.generalPractitioner[0]?.reference).to.equal('Patient/1?"<2&');
    expect(patient.text.div).to.equal(
      '<div xmlns="http://www.w3.org/1999/xhtml"><a href="Patient/1?&#34;&#60;9&#38;">a</a><img src="Patient/1?&#34;&#60;1&#38;"/></div>',
    );
    expect(visited(patient)).to.include('Patient.text.div narrative Patient/1?"<9&');
  });

  it('are told with their holder and their key, so that a visitor can come back to them', () => {
    const patient = resource();
    const kept: Pick<Link, 'holder' | 'key'>[] = [];
    structures.links(patient, ({ kind, holder, key }) => {
      if (kind === 'canonical') kept.push({ holder, key });
      return undefined;
    });
    expect(kept.slice(0, 2)).to.deep.equal([
      { holder: patient.meta.profile, key: 0 },
      { holder: patient.meta.profile, key: 1 },
    ]);
  });

  it('may be visited within a visit', () => {
    const inner: string[] = [];
    structures.links(resource(), ({ kind, path }) => {
      if (kind === 'narrative') inner.push(...visited({ resourceType: 'Basic', meta: { profile: ['z'] } }), path());
      return undefined;
    });
    expect(inner).to.deep.equal(
      ['Basic.meta.profile[0] canonical z', 'Patient.text.div'].concat(
        'Basic.meta.profile[0] canonical z',
        'Patient.text.div',
      ),
    );
  });

  it('are none in what is no resource', () => {
    for (const value of [
      null,
      1,
      'x',
      [],
      {},
      { resourceType: 'No' },
      { resourceType: 'Patient', name: 'x', link: [null, 1] },
    ])
      expect(visited(value)).to.deep.equal([]);
  });
});
