/** Builds what every interaction runs on, for a serving process and for a command alike: the registry of all contributions, the role table, the store over an open database, and the line. */
import { loadRoleFile } from '../config/role-file.ts';
import type { Configuration } from '../config/schema.ts';
import { modelOf } from '../fhir/fhirpath/model.ts';
import { compositeShape, elementExtractor } from '../fhir/search/composite.ts';
import { extractorFor } from '../fhir/search/extract.ts';
import { openFoundTypes } from '../fhir/search/found-types.ts';
import { openImpliedCodes } from '../fhir/search/implied-codes.ts';
import { openStructures } from '../fhir/structure/structures.ts';
import { openUcum } from '../fhir/ucum/ucum.ts';
import { openXml } from '../fhir/xml/format.ts';
import { binaryRules } from '../interaction/binary-rules.ts';
import type { Kernel, Perform } from '../interaction/kernel.ts';
import { line } from '../interaction/line.ts';
import { targetsOf } from '../interaction/references.ts';
import { verbs } from '../interaction/verbs.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracer } from '../observe/tracing.ts';
import { misconfigured } from '../outcome/outcome.ts';
import { r4Compartments } from '../platform/compartments.ts';
import { r4Codes, r4Terms, r4Types, ucumTable } from '../platform/structures.ts';
import { contributionsOf, type Plugin } from '../plugin/define.ts';
import { openOwnTerms } from '../terminology/own-trees.ts';
import { openAccess, roleLayer } from '../policy/access.ts';
import { consentLayer } from '../policy/consent-layer.ts';
import { labelLayer } from '../policy/label-layer.ts';
import { criteriaFaults, openCriteria } from '../policy/criteria.ts';
import { buildRoleTable } from '../policy/role-table.ts';
import { scopeLayer, withScopes } from '../policy/scope-layer.ts';
import { openStandings } from '../policy/standing.ts';
import { buildRegistry } from '../registry/registry.ts';
import type { Database } from '../store/database.ts';
import { searchParameterKind } from '../store/search/search-parameter-kind.ts';
import { openStore } from '../store/store.ts';
import type { Effects } from './effects.ts';

export interface KernelNeeds {
  readonly root: string;
  readonly version: string;
  readonly config: Configuration;
  /** The core's own first. */
  readonly plugins: readonly Plugin[];
  readonly database: Database;
  readonly publicUrl: string;
  readonly effects: Effects;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly cursors: Kernel['cursors'];
}

export interface OpenKernel {
  readonly kernel: Kernel;
  readonly perform: Perform;
}

export const openKernel = (needs: KernelNeeds): OpenKernel => {
  const { root, version, config, plugins, database, publicUrl, effects, metrics, tracer, cursors } = needs;
  const { now, stopwatch, ids } = effects;
  const { registry, faults } = buildRegistry(
    plugins.map((plugin) => ({ owner: plugin.name, contributions: contributionsOf(plugin) })),
  );
  const roleFile = loadRoleFile(root);
  const { table, faults: roleFaults } = buildRoleTable(
    roleFile,
    verbs.map(({ name }) => name),
  );

  const types = r4Types();
  const codes = r4Codes();
  const structures = openStructures(types, codes);
  const model = modelOf(types);
  const store = openStore({
    ...{ database, now, base: `${publicUrl}/fhir` },
    search: { connections: config.database.lanes.search, mostMs: config.database.timeouts.searchMs },
    compile: (type, parameters) => extractorFor(type, parameters, model),
    compileElements: (path, parts) => elementExtractor(model, path, parts),
    shapeOf: (type, parameter, parameters) => compositeShape(model, type, parameter, parameters),
    units: openUcum(ucumTable()),
    impliedCodes: openImpliedCodes(model, codes),
    foundTypes: openFoundTypes(model),
    targetsOf: (resource) => targetsOf({ structures, publicUrl }, resource),
    searchParameters: registry.all(searchParameterKind).map(({ value }) => value),
  });
  const roles = withScopes(table);
  const compartments = r4Compartments();
  const criteria = openCriteria({
    ...{ compartments, file: roleFile, base: `${publicUrl}/fhir` },
    parametersOf: (type) => store.base.parameters(type).all,
    foundTypes: store.base.foundTypes,
  });
  const allFaults = [...faults, ...roleFaults, ...criteriaFaults(roleFile, criteria)];
  if (allFaults.length > 0) throw misconfigured(allFaults);
  const standings = openStandings({ unitOf: store.single, base: `${publicUrl}/fhir`, now });
  const access = openAccess(
    [
      roleLayer(roles, criteria),
      scopeLayer(criteria),
      labelLayer(roleFile.labels),
      consentLayer({ unitOf: store.single, criteria, base: `${publicUrl}/fhir`, now, exempt: roleFile.exempt }),
    ],
    standings,
  );
  const kernel: Kernel = {
    ...{ store, structures, model, xml: openXml(structures), references: config.fhir.references },
    ...{ binary: binaryRules(config.fhir.binary), deferred: config.fhir.deferred },
    ...{ compartments, access, standings },
    ...{ codeSets: new Map(codes.map((set) => [set.name, set])), ownTerms: openOwnTerms(r4Terms) },
    ...{ registry, roles, verbs, version, publicUrl, cursors },
    ...{ now, stopwatch, ids, metrics, tracer, started: new Date(now()) },
  };
  return { kernel, perform: line(kernel) };
};
