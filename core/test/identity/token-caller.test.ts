import { expect } from 'chai';
import { callerOf, tenantOf } from '../../src/identity/token-caller.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';

const needs = { audience: 'heddle', base: 'https://hospital.example/fhir', houseClients: ['heddle-cli'] };
const hospital = { id: 1, name: 'hospital' };
const caller = (claims: Record<string, unknown>) =>
  callerOf({ sub: 'someone', azp: 'an-app', ...claims }, hospital, needs);

const refusal = (work: () => unknown): Partial<Outcome> => {
  try {
    work();
  } catch (thrown) {
    return thrown as Outcome;
  }
  throw new Error('it was not refused');
};

describe('the caller that a token stands for', () => {
  it('has the roles of the realm and of this house, and of no other client', () => {
    const { roles } = caller({
      realm_access: { roles: ['doctor', 'doctor'] },
      resource_access: { heddle: { roles: ['admin'] }, account: { roles: ['manage-account'] } },
    });
    expect(roles).to.deep.equal(['doctor', 'admin']);
  });

  it('has no role where the claims are of another form', () => {
    for (const claims of [
      {},
      { realm_access: 'admin' },
      { realm_access: { roles: 'admin' } },
      { realm_access: [{ roles: ['admin'] }] },
    ])
      expect(caller(claims).roles).to.deep.equal([]);
  });

  it('is who the record says, by a reference that is relative or of this server', () => {
    for (const fhirUser of ['Practitioner/p-1', 'https://hospital.example/fhir/Practitioner/p-1'])
      expect(caller({ fhirUser }).fhirUser).to.deep.equal({ type: 'Practitioner', id: 'p-1' });
  });

  it('is nobody in the record by a reference of another server, another type or another form', () => {
    for (const fhirUser of [
      'https://elsewhere.example/fhir/Patient/1',
      'Observation/1',
      'Patient/',
      'Patient/1/_history/2',
      'Patient/a b',
      7,
    ])
      expect(caller({ fhirUser })).to.not.have.property('fhirUser');
  });

  it('acts with the whole role through a client of the house, and through another one within clinical scopes', () => {
    const scope = 'openid launch/patient patient/Observation.rs?category=laboratory user/*.read nonsense/*.read';
    expect(caller({ azp: 'heddle-cli', scope })).to.not.have.property('scopes');
    expect(caller({ scope }).scopes).to.deep.equal(['patient/Observation.rs?category=laboratory', 'user/*.read']);
  });

  it('is held to no scope at all where the token names no client, or none was granted', () => {
    expect(callerOf({ sub: 'someone', scope: 'openid' }, hospital, needs).scopes).to.deep.equal([]);
    expect(caller({}).scopes).to.deep.equal([]);
  });

  it('brings its client, session and launch', () => {
    expect(caller({ sid: 's', patient: 'p', encounter: 'e' })).to.deep.include({
      client: 'an-app',
      session: 's',
      launch: { patient: 'p', encounter: 'e' },
    });
    expect(caller({})).to.not.have.any.keys('session', 'launch');
  });

  it('is a machine where it stands for its client, as Heddle and as Keycloak say it', () => {
    expect(caller({ sub: 'an-app' }).kind).to.equal('client');
    expect(caller({ preferred_username: 'service-account-an-app' }).kind).to.equal('client');
    expect(caller({ preferred_username: 'service-account-other' }).kind).to.equal('user');
  });
});

describe('the tenant that a token is for', () => {
  const two = { organization: { north: { id: '1' }, south: { id: '2' } } };

  it('is the plain claim, or the only organization', () => {
    expect(tenantOf({ tenant: 'hospital' }, undefined)).to.equal('hospital');
    expect(tenantOf({ organization: { hospital: { id: 'x' } } }, undefined)).to.equal('hospital');
    expect(tenantOf({ organization: ['hospital'] }, undefined)).to.equal('hospital');
  });

  it('is the one that the caller names, of several', () => {
    expect(tenantOf(two, 'south')).to.equal('south');
  });

  it('is refused with the list where several are possible and none or another is named', () => {
    for (const wanted of [undefined, 'east', 'toString'])
      expect(refusal(() => tenantOf(two, wanted)))
        .to.include({ status: 403 })
        .and.property('message')
        .contain('north, south');
    expect(refusal(() => tenantOf({ tenant: 'hospital' }, 'other'))).to.include({ status: 403 });
  });

  it('is missing for a token that has none', () => {
    for (const claims of [{}, { tenant: '' }, { tenant: 7 }, { organization: {} }])
      expect(refusal(() => tenantOf(claims, undefined))).to.include({ status: 401 });
  });
});
