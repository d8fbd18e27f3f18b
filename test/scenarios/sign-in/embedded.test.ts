import { embedded } from './embedded.ts';
import { signInSuite } from './suite.ts';

describe('signing in with the embedded provider', () => signInSuite(() => embedded()));
