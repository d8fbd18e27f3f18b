/** What a migration is: SQL that only ever goes forward, by name within its plugin. */
import { createHash } from 'node:crypto';

export interface MigrationContext {
  /** The serving role as an SQL identifier: new tables are granted to it. */
  readonly serving: string;
}

export interface Migration {
  /** `001-frame`: ordered by name within the plugin. */
  readonly id: string;
  /** Code that does not know this migration must not run any longer. Leave it out when older code can go on. */
  readonly breaking?: boolean;
  readonly up: (context: MigrationContext) => readonly string[];
}

export interface PluginMigrations {
  readonly plugin: string;
  readonly migrations: readonly Migration[];
}

/** Independent of the role's name, which differs between installations. */
export const digestOf = ({ up }: Migration): string =>
  createHash('sha256')
    .update(up({ serving: 'serving' }).join(';\n'))
    .digest('hex');
