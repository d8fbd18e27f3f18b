/** What a plugin author needs to test a plugin against the real kernel. */
export { startTestServer } from './server.ts';
export type { TestCaller, TestServer, TestServerNeeds } from './server.ts';
export { testDatabase } from './postgres.ts';
export type { TestDatabase } from './postgres.ts';
