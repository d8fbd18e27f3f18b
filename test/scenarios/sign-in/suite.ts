/** What signing in must do with every identity provider: the same sentences for the embedded one and for a real Keycloak. */
import { openBench } from './bench.ts';
import { pageSentences } from './page-sentences.ts';
import type { ProviderUnderTest } from './provider.ts';
import { tokenSentences } from './token-sentences.ts';

export const signInSuite = (open: () => Promise<ProviderUnderTest>): void => {
  const bench = openBench(open);
  tokenSentences(bench);
  pageSentences(bench);
};
