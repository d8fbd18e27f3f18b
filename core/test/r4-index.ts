/** R4's search parameters as a serving Heddle describes and compiles them. */
import { modelOf } from '../src/fhir/fhirpath/model.ts';
import { compositeShape, elementExtractor } from '../src/fhir/search/composite.ts';
import { extractorFor } from '../src/fhir/search/extract.ts';
import { openUcum } from '../src/fhir/ucum/ucum.ts';
import { r4SearchParameters } from '../src/platform/search-parameters.ts';
import { r4Types, ucumTable } from '../src/platform/structures.ts';
import type { IndexNeeds } from '../src/store/index/entries.ts';
import { parameterTable } from '../src/store/index/parameter-table.ts';

export const model = modelOf(r4Types());
export const units = openUcum(ucumTable());

export const table = parameterTable(r4SearchParameters(), (type, parameter, parameters) =>
  compositeShape(model, type, parameter, parameters),
);

export const indexNeeds: Omit<IndexNeeds, 'targetsOf'> = {
  ...{ table, units, base: 'http://here/fhir' },
  compile: (type, parameters) => extractorFor(type, parameters, model),
  compileElements: (path, parts) => elementExtractor(model, path, parts),
};
