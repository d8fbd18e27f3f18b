/** The order in which types are written out and read in: what most others refer to comes first, so that little has to wait for its references. */
import { resourceTypes } from '../../fhir/resource-types.ts';

const first = [
  ...['Organization', 'Endpoint', 'Location', 'HealthcareService', 'Practitioner', 'PractitionerRole'],
  ...['CodeSystem', 'ValueSet', 'ConceptMap', 'Medication', 'Substance', 'DeviceDefinition'],
  ...['Patient', 'RelatedPerson', 'Person', 'Group', 'Device', 'Coverage', 'Schedule', 'Slot', 'EpisodeOfCare'],
  ...['Questionnaire', 'ActivityDefinition', 'PlanDefinition', 'Appointment', 'Encounter', 'Condition', 'CareTeam'],
  ...['CarePlan', 'ServiceRequest', 'BodyStructure', 'Specimen', 'ImagingStudy', 'MedicationRequest', 'Procedure'],
  'Observation',
];

const last = ['Composition', 'List', 'Bundle', 'Provenance', 'AuditEvent'];

export const typesInOrder: readonly string[] = [
  ...first,
  ...resourceTypes.filter((type) => !first.includes(type) && !last.includes(type)),
  ...last,
];

/** A file's name begins with its type; one of no type comes last. */
export const rankOf = (name: string): number => {
  const [type = ''] = name.split(/[^A-Za-z]/);
  const place = typesInOrder.indexOf(type);
  return place === -1 ? typesInOrder.length : place;
};
