/** Words by their resource: what a search sorts by, asks for the absence of, or follows from one resource to the next. */
import type { Migration } from '../migration.ts';

export const wordOf: Migration = {
  id: '005-word-of',
  up: () => ['create index word_of on word (tenant, rid, param)', 'analyze word'],
};
