import { signInSuite } from '../scenarios/sign-in/suite.ts';
import { notRun } from '../cannot-run.ts';
import { findKeycloak, keycloakVersion } from './find.ts';
import { smartBehindKeycloak } from './smart.ts';
import { traps } from './traps.ts';
import { keycloak, type KeycloakUnderTest } from './under-test.ts';

const found = findKeycloak();
const mustRun = process.env['CI'] !== undefined;

if ('missing' in found) {
  notRun(`signing in with Keycloak ${keycloakVersion}`, `${found.missing} is not here`);
  if (mustRun)
    it(`has Keycloak ${keycloakVersion} at hand`, () => {
      throw new Error(`${found.missing} is not here`);
    });
} else
  describe(`signing in with Keycloak ${keycloakVersion}`, function () {
    // The first time it is prepared: its build and the import of the realm take most of a minute.
    this.timeout(240_000);
    let running: KeycloakUnderTest;
    before(async () => {
      running = await keycloak(found.home);
    });
    after(() => running?.close());

    // One Keycloak for both: it takes ten seconds to start.
    signInSuite(async () => ({ ...running, close: async () => undefined }));
    traps(() => running);
    smartBehindKeycloak(() => running);
  });
