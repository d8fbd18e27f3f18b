/** The scopes of SMART that Keycloak's realm lists: it knows no pattern, so each that an app may ask for stands there by name. */

const types = [
  'AllergyIntolerance',
  'Appointment',
  'CarePlan',
  'Condition',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'ImagingStudy',
  'Immunization',
  'MedicationRequest',
  'Observation',
  'Patient',
  'Procedure',
  'ServiceRequest',
];

const narrowed = [
  'Observation.rs?category=laboratory',
  'Observation.rs?category=vital-signs',
  'Condition.rs?category=problem-list-item',
  'DocumentReference.rs?category=clinical-note',
];

/** The words of both versions for reading, and of the second for everything. Each costs some milliseconds of import. */
const verbs = ['rs', 'cruds', 'read'];

export const smartScopes = (): string[] => [
  ...['fhirUser', 'launch', 'launch/patient', 'launch/encounter', 'online_access'],
  ...['patient', 'user', 'system'].flatMap((context) => [
    ...['*', ...types].flatMap((type) => verbs.map((verb) => `${context}/${type}.${verb}`)),
    ...narrowed.map((scope) => `${context}/${scope}`),
  ]),
];
