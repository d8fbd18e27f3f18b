import { expect } from 'chai';
import { parseScope } from '../../src/fhir/smart-scope.ts';

const lettersOf = (scope: string): string =>
  Object.entries(parseScope(scope)?.verbs ?? {})
    .filter(([, may]) => may)
    .map(([letter]) => letter)
    .join('');

describe('a SMART scope', () => {
  it('says whose, what, which verbs, and narrowed by what', () => {
    const scope = parseScope('patient/Observation.rs?category=laboratory&status=final');
    expect(scope).to.deep.include({ context: 'patient', type: 'Observation' });
    expect(scope?.verbs).to.deep.equal({ c: false, r: true, u: false, d: false, s: true });
    expect([...(scope?.query ?? [])]).to.deep.equal([
      ['category', 'laboratory'],
      ['status', 'final'],
    ]);
  });

  for (const [scope, letters] of [
    ['user/*.cruds', 'cruds'],
    ['system/Patient.s', 's'],
    ['patient/*.read', 'rs'],
    ['user/Encounter.write', 'cud'],
    ['user/Encounter.*', 'cruds'],
  ] as const)
    it(`reads ${scope} as ${letters}`, () => expect(lettersOf(scope)).to.equal(letters));

  for (const scope of [
    'openid',
    'launch/patient',
    'patient/Observation',
    'patient/Observation.',
    'patient/Observation.sr',
    'patient/Observation.rr',
    'patient/Unknown.r',
    'patient/Observation.read?category=laboratory',
    'patient/Observation.rs?',
    'patient/Observation.rs?a="b"',
    'Patient/Observation.rs',
    'patient/Observation.rs ',
    'practitioner/Observation.rs',
  ])
    it(`takes ${JSON.stringify(scope)} for none`, () => expect(parseScope(scope)).to.equal(undefined));
});
