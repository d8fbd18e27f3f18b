/** The suites of `npm test` in the order in which they run, with the time that each may take. */

export interface Suite {
  readonly name: string;
  readonly budgetSeconds: number;
  /** Also part of `npm run test:quick`. */
  readonly quick: boolean;
  /** None for lint, which is no mocha suite. */
  readonly files?: readonly string[];
  readonly timeoutSeconds?: number;
  /** Runs while the suite of this name does, and is shown behind it: both wait more than they work. */
  readonly beside?: string;
}

export const suites: readonly Suite[] = [
  { name: 'lint', budgetSeconds: 60, quick: true },
  {
    name: 'unit',
    budgetSeconds: 90,
    quick: true,
    files: [
      'core/test/**/*.test.ts',
      'plugins/*/test/**/*.test.ts',
      'adapters/*/test/**/*.test.ts',
      'portal/test/**/*.test.ts',
      'test/{bin,layers,run}/**/*.test.ts',
    ],
    timeoutSeconds: 10,
  },
  {
    name: 'conformance',
    budgetSeconds: 150,
    quick: false,
    files: ['test/conformance/**/*.test.ts'],
    timeoutSeconds: 60,
  },
  { name: 'scenarios', budgetSeconds: 180, quick: false, files: ['test/scenarios/**/*.test.ts'], timeoutSeconds: 60 },
  {
    ...{ name: 'policies', beside: 'scenarios', budgetSeconds: 240, quick: false },
    ...{ files: ['test/policies/**/*.test.ts'], timeoutSeconds: 60 },
  },
  { name: 'faults', budgetSeconds: 400, quick: false, files: ['test/faults/**/*.test.ts'], timeoutSeconds: 60 },
  {
    ...{ name: 'storage', beside: 'faults', budgetSeconds: 300, quick: false },
    ...{ files: ['test/storage/**/*.test.ts'], timeoutSeconds: 60 },
  },
  {
    // Prepared the first time, which is most of its budget; started once for all of it.
    ...{ name: 'keycloak', beside: 'faults', budgetSeconds: 300, quick: false },
    ...{ files: ['test/keycloak/**/*.test.ts'], timeoutSeconds: 60 },
  },
  { name: 'browser', budgetSeconds: 180, quick: false, files: ['test/browser/**/*.test.ts'], timeoutSeconds: 60 },
];
