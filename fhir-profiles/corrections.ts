/** Where the published package departs from R4 4.0.1, as data: found by comparing every element with HL7's own profiles-types.xml and profiles-resources.xml. */
import type { PublishedElement } from './published.ts';

/** Resource types of later releases. */
export const laterThanR4: ReadonlySet<string> = new Set(['SubscriptionStatus']);

/** Search parameters that R4 does not have. */
export const foreignParameters: ReadonlySet<string> = new Set(
  ['DetectedIssue-status', 'DeviceDefinition-classification', 'ServiceRequest-order-detail'].map(
    (name) => `http://hl7.org/fhir/SearchParameter/${name}`,
  ),
);

/** What R4's own parameters may lead to, where the package says more. */
export const targetsAsInR4: Readonly<Record<string, readonly string[]>> = {
  'http://hl7.org/fhir/SearchParameter/MeasureReport-subject': [
    ...['Practitioner', 'Group', 'Device', 'Patient', 'PractitionerRole', 'RelatedPerson', 'Location'],
  ],
};

/** Composites whose parts stand under each other's names in R4 itself: a reference cannot be found in a code. The order in which they are asked for stays. */
export const componentsMended: Readonly<Record<string, readonly { definition: string; expression: string }[]>> = {
  'http://hl7.org/fhir/SearchParameter/DocumentReference-relationship': [
    { definition: 'http://hl7.org/fhir/SearchParameter/DocumentReference-relatesto', expression: 'target' },
    { definition: 'http://hl7.org/fhir/SearchParameter/DocumentReference-relation', expression: 'code' },
  ],
};

/** Elements of the publisher's own or of R5, each with all below it. */
export const notOfR4: readonly string[] = [
  ...['project', 'author', 'onBehalfOf', 'account', 'accounts', 'compartment', 'deleted'].map((name) => `Meta.${name}`),
  'Binary.url',
  'DeviceDefinition.classification',
  'DeviceDefinition.bodySite',
  'EvidenceVariable.characteristic',
  'HealthcareService.offeredIn',
  'ObservationDefinition.publisher',
  ...[
    'name',
    'label',
    'studyDesign',
    'region',
    'descriptionSummary',
    'classifier',
    'associatedParty',
    'progressStatus',
    'whyStopped',
    'recruitment',
    'comparisonGroup',
    'objective.description',
    'outcomeMeasure',
    'result',
  ].map((name) => `ResearchStudy.${name}`),
];

const profile = (name: string): string => `http://hl7.org/fhir/StructureDefinition/${name}`;
const referenceTo = (...names: string[]) => [{ code: 'Reference', targetProfile: names.map(profile) }];
const bound = (name: string) => ({ strength: 'required', valueSet: `http://hl7.org/fhir/ValueSet/${name}` });

export const asInR4: Readonly<Record<string, Partial<PublishedElement>>> = {
  'AuditEvent.agent.who': {
    type: referenceTo('PractitionerRole', 'Practitioner', 'Organization', 'Device', 'Patient', 'RelatedPerson'),
  },
  'AuditEvent.source.observer': {
    type: referenceTo('PractitionerRole', 'Practitioner', 'Organization', 'Device', 'Patient', 'RelatedPerson'),
  },
  'Bundle.entry.response.outcome': { type: [{ code: 'Resource' }] },
  'DetectedIssue.status': { binding: bound('observation-status') },
  'MeasureReport.subject': {
    type: referenceTo('Patient', 'Practitioner', 'PractitionerRole', 'Location', 'Device', 'RelatedPerson', 'Group'),
  },
  'ResearchStudy.site': { type: referenceTo('Location') },
};

const characteristic = (name: string): string => `EvidenceVariable.characteristic${name}`;
const optional = (name: string, max: '1' | '*', ...types: string[]): PublishedElement => ({
  path: characteristic(name),
  min: 0,
  max,
  type: types.map((code) => ({ code })),
});

/** R4's EvidenceVariable.characteristic, in place of R5's. */
export const characteristicOfR4: readonly PublishedElement[] = [
  { ...optional('', '*', 'BackboneElement'), min: 1, isSummary: true },
  optional('.id', '1', 'string'),
  optional('.extension', '*', 'Extension'),
  { ...optional('.modifierExtension', '*', 'Extension'), isSummary: true },
  optional('.description', '1', 'string'),
  {
    path: characteristic('.definition[x]'),
    min: 1,
    max: '1',
    isSummary: true,
    type: [
      ...referenceTo('Group'),
      ...['canonical', 'CodeableConcept', 'Expression', 'DataRequirement', 'TriggerDefinition'].map((code) => ({
        code,
      })),
    ],
  },
  optional('.usageContext', '*', 'UsageContext'),
  optional('.exclude', '1', 'boolean'),
  optional('.participantEffective[x]', '1', 'dateTime', 'Period', 'Duration', 'Timing'),
  optional('.timeFromStart', '1', 'Duration'),
  { ...optional('.groupMeasure', '1', 'code'), binding: bound('group-measure') },
];
