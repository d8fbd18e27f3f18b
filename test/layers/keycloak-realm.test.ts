import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseScope } from '../../core/src/fhir/smart-scope.ts';
import { loadRoleFile } from '../../core/src/config/role-file.ts';
import { realmOf, realmText } from '../keycloak/realm.ts';
import { smartScopes } from '../keycloak/scopes.ts';

const root = join(import.meta.dirname, '../..');
const fileOf = (name: string): string => readFileSync(join(root, 'config/keycloak', name), 'utf8');

interface Named {
  readonly name: string;
  readonly alias?: string;
  readonly defaultAction?: boolean;
}

describe('the realm files of Keycloak', () => {
  it('are what their description says (node test/keycloak/write-realm.ts)', () => {
    expect(fileOf('realm.json')).to.equal(realmText('production'));
    expect(fileOf('realm-demo.json')).to.equal(realmText('demo'));
  });

  it('declare every role of the house', () => {
    const names = realmOf('production').roles.realm.map(({ name }: Named) => name);
    expect(names).to.include.members(Object.keys(loadRoleFile(root).roles));
  });

  it('hold no account and no secret in production', () => {
    const text = fileOf('realm.json');
    expect(text).to.not.contain('credentials');
    for (const [, secret] of text.matchAll(/"secret": "([^"]*)"/g)) expect(secret).to.match(/^\$\{[A-Z_]+\}$/);
    expect(realmOf('production').users.map(({ username }) => username)).to.deep.equal([
      'service-account-heddle-service',
    ]);
  });

  it('ask staff for a second factor and recovery codes in production, and nobody in the demo', () => {
    for (const [variant, isAsked] of [
      ['production', true],
      ['demo', false],
    ] as const) {
      const { requiredActions, passwordPolicy } = realmOf(variant);
      for (const alias of ['CONFIGURE_TOTP', 'CONFIGURE_RECOVERY_AUTHN_CODES'])
        expect(requiredActions.find((action: Named) => action.alias === alias)?.defaultAction).to.equal(isAsked);
      expect(passwordPolicy !== undefined).to.equal(isAsked);
    }
  });

  it('let nobody but administrators edit a tenant or a place in the record, and know no other attribute', () => {
    const text = fileOf('realm.json');
    expect(text).to.not.contain('unmanagedAttributePolicy');
    for (const name of ['tenant', 'fhirUser'])
      expect(text).to.match(new RegExp(`\\\\"name\\\\":\\\\"${name}\\\\"[^}]*\\\\"edit\\\\":\\[\\\\"admin\\\\"\\]`));
  });

  it('list scopes that Heddle can read', () => {
    for (const scope of smartScopes().filter((each) => /^(patient|user|system)\//.test(each)))
      expect(parseScope(scope), scope).to.not.equal(undefined);
  });
});
