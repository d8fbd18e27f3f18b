/** R4's types for tests of FHIRPath, read once. */
import { modelOf } from '../../../src/fhir/fhirpath/model.ts';
import { r4Types } from '../../../src/platform/structures.ts';

export const r4 = modelOf(r4Types());
