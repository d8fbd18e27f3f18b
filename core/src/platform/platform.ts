/** The core's own contributions, declared exactly as a plugin's. */
import { definePlugin, type Plugin } from '../plugin/define.ts';
import { consentProvision } from '../policy/consent-layer.ts';
import { breakTheGlass } from './break-the-glass.ts';
import { graphql } from './graphql/graphql.ts';
import { healthRoutes, type HealthNeeds } from './health.ts';
import { r4SearchParameters } from './search-parameters.ts';
import { searchParameterStatus } from './search-parameter-status.ts';
import { versions } from './versions.ts';

export const platform = (version: string, health: HealthNeeds): Plugin =>
  definePlugin({
    name: 'core',
    version,
    searchParameters: [...r4SearchParameters(), consentProvision],
    operations: [versions, graphql, searchParameterStatus, breakTheGlass],
    routes: healthRoutes(health),
  });
