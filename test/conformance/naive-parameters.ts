/** Where R4's search parameters look, for those that the property test asks for: paths written by hand, over plain resources. */
import { at, listAt, type Json } from './asked.ts';
import { numberSpan, outer, pointOf, spanOf, timingSpan, type Span, type Token } from './naive-values.ts';

/** What a parameter finds in a resource; `there` where it finds something that cannot be compared. */
export type Found =
  | {
      readonly kind: 'token';
      readonly tokens: readonly Token[];
      readonly texts: readonly string[];
      readonly typed?: readonly Json[];
    }
  | { readonly kind: 'string' | 'uri'; readonly text: string; readonly isFamily?: true }
  | { readonly kind: 'date'; readonly span: Span }
  | { readonly kind: 'number'; readonly span: Span }
  | { readonly kind: 'quantity'; readonly quantity: unknown }
  | { readonly kind: 'reference'; readonly reference: unknown }
  | { readonly kind: 'canonical'; readonly url: string; readonly version: string | undefined };

export type Look = (resource: Json) => readonly Found[];

const each = (value: unknown): readonly unknown[] => {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
};
const texts = (...values: readonly unknown[]): string[] => values.filter((value) => typeof value === 'string');

const coding = (value: unknown): Token => ({ system: at(value, 'system'), code: at(value, 'code') });
const ofCoding = (value: unknown): Found => ({
  kind: 'token',
  tokens: [coding(value)],
  texts: texts(at(value, 'display')),
});
export const ofConcept = (value: unknown): Found => ({
  kind: 'token',
  tokens: listAt(value, 'coding').map(coding),
  texts: texts(at(value, 'text'), ...listAt(value, 'coding').map((one) => at(one, 'display'))),
});
const ofCode =
  (implied: string) =>
  (value: unknown): Found => ({ kind: 'token', tokens: [{ code: value, implied }], texts: [] });
const ofBoolean = (value: unknown): Found => ({ kind: 'token', tokens: [{ code: String(value) }], texts: [] });
const ofIdentifier = (value: unknown): Found => ({
  kind: 'token',
  tokens: [{ system: at(value, 'system'), code: at(value, 'value') }],
  texts: texts(at(value, 'type', 'text'), ...listAt(value, 'type', 'coding').map((one) => at(one, 'display'))),
  typed: listAt(value, 'type', 'coding').map((one) => ({ ...(one as Json), value: at(value, 'value') })),
});
const ofContact = (value: unknown): Found => ({
  kind: 'token',
  tokens: [{ code: at(value, 'value'), folds: true }],
  texts: [],
});
const ofText = (value: unknown): Found => ({ kind: 'string', text: String(value) });
const ofFamily = (value: unknown): Found => ({ kind: 'string', text: String(value), isFamily: true });
const ofUri = (value: unknown): Found => ({ kind: 'uri', text: String(value) });
const ofDate = (value: unknown): Found => ({ kind: 'date', span: spanOf(String(value)) });
export const ofQuantity = (quantity: unknown): Found => ({ kind: 'quantity', quantity });
const ofReference = (reference: unknown): Found => ({ kind: 'reference', reference });

const nameParts = (name: unknown): Found[] => [
  ...texts(at(name, 'family')).map(ofFamily),
  ...texts(at(name, 'text'), ...listAt(name, 'given'), ...listAt(name, 'prefix'), ...listAt(name, 'suffix')).map(
    ofText,
  ),
];
const addressParts = (address: unknown): Found[] =>
  texts(
    ...listAt(address, 'line'),
    ...['city', 'district', 'state', 'postalCode', 'country', 'text'].map((part) => at(address, part)),
  ).map(ofText);

/** Along a path, through lists. */
const along = (value: unknown, path: string): readonly unknown[] =>
  path.split('.').reduce<readonly unknown[]>((values, name) => values.flatMap((one) => each(at(one, name))), [value]);

const look =
  (path: string, of: (value: unknown) => Found): Look =>
  (resource) =>
    along(resource, path).map(of);

const together =
  (...looks: readonly Look[]): Look =>
  (resource) =>
    looks.flatMap((one) => one(resource));

/** A reference says of which type it is by its text, or else by its own word. */
export const typeOfReference = (reference: unknown, resource: Json): unknown => {
  const text = at(reference, 'reference');
  if (typeof text !== 'string') return at(reference, 'type');
  if (text.startsWith('#'))
    return at(
      listAt(resource, 'contained').find((one) => at(one, 'id') === text.slice(1)),
      'resourceType',
    );
  return /(?:^|\/)([A-Z]\w+)\/[A-Za-z0-9.-]+(?:\/_history\/\w+)?$/.exec(text)?.[1] ?? at(reference, 'type');
};

const onlyTo =
  (type: string, path: string): Look =>
  (resource) =>
    along(resource, path)
      .filter((reference) => typeOfReference(reference, resource) === type)
      .map(ofReference);

const moments =
  (name: string): Look =>
  (resource) => {
    const [period, timing, instant] = ['Period', 'Timing', 'Instant'].map((kind) => at(resource, name + kind));
    const spans = [
      ...each(at(resource, `${name}DateTime`)).map((value) => spanOf(String(value))),
      ...each(period).map((value) => outer(at(value, 'start'), at(value, 'end'))),
      ...each(timing).map(timingSpan),
      ...each(instant).map((value) => pointOf(String(value))),
    ];
    return spans.map((span) => ({ kind: 'date', span }));
  };

const contacts =
  (system: string): Look =>
  (resource) =>
    along(resource, 'telecom')
      .filter((one) => at(one, 'system') === system)
      .map(ofContact);

const deceased: Look = ({ deceasedBoolean, deceasedDateTime }) => [
  ofBoolean(deceasedDateTime !== undefined || (deceasedBoolean !== undefined && deceasedBoolean !== false)),
];

const ofProbability = (prediction: unknown): Found[] => {
  const [decimal, range] = [at(prediction, 'probabilityDecimal'), at(prediction, 'probabilityRange')];
  if (decimal !== undefined) return [{ kind: 'number', span: numberSpan(decimal, decimal) }];
  return range === undefined
    ? []
    : [{ kind: 'number', span: numberSpan(at(range, 'low', 'value'), at(range, 'high', 'value')) }];
};

const code = look('code', ofConcept);
const componentCode = look('component.code', ofConcept);
const valueConcept = look('valueCodeableConcept', ofConcept);
const componentConcept = look('component.valueCodeableConcept', ofConcept);
// R4's composite says that its part is only the string, and that it is what value-string finds: here it is the latter.
const valueString = together(look('valueString', ofText), look('valueCodeableConcept.text', ofText));
const valueQuantity = look('valueQuantity', ofQuantity);
const componentQuantity = look('component.valueQuantity', ofQuantity);

const everywhere: Readonly<Record<string, Look>> = {
  _tag: look('meta.tag', ofCoding),
  _profile: look('meta.profile', ofUri),
};

export const looks: Readonly<Record<string, Readonly<Record<string, Look>>>> = {
  Organization: {
    ...everywhere,
    name: together(look('name', ofText), look('alias', ofText)),
    partof: look('partOf', ofReference),
  },
  Patient: {
    ...everywhere,
    ...{ family: look('name.family', ofFamily), given: look('name.given', ofText) },
    name: (resource) => along(resource, 'name').flatMap(nameParts),
    address: (resource) => along(resource, 'address').flatMap(addressParts),
    'address-city': look('address.city', ofText),
    gender: look('gender', ofCode('http://hl7.org/fhir/administrative-gender')),
    active: look('active', ofBoolean),
    deceased,
    birthdate: look('birthDate', ofDate),
    'death-date': look('deceasedDateTime', ofDate),
    identifier: look('identifier', ofIdentifier),
    telecom: look('telecom', ofContact),
    ...{ phone: contacts('phone'), email: contacts('email') },
    organization: look('managingOrganization', ofReference),
    link: look('link.other', ofReference),
  },
  Observation: {
    ...everywhere,
    ...{ code, 'component-code': componentCode, 'combo-code': together(code, componentCode) },
    ...{ 'value-concept': valueConcept, 'combo-value-concept': together(valueConcept, componentConcept) },
    'component-value-concept': componentConcept,
    ...{ 'value-quantity': valueQuantity, 'component-value-quantity': componentQuantity },
    'combo-value-quantity': together(valueQuantity, componentQuantity),
    'value-string': valueString,
    date: moments('effective'),
    status: look('status', ofCode('http://hl7.org/fhir/observation-status')),
    subject: look('subject', ofReference),
    patient: onlyTo('Patient', 'subject'),
    performer: look('performer', ofReference),
  },
  RiskAssessment: {
    ...everywhere,
    ...{ subject: look('subject', ofReference), patient: onlyTo('Patient', 'subject') },
    // Of a Period R4's own expression says nothing.
    date: look('occurrenceDateTime', ofDate),
    probability: (resource) => along(resource, 'prediction').flatMap(ofProbability),
  },
  Questionnaire: {
    ...everywhere,
    url: look('url', ofUri),
    version: look('version', (value) => ({ kind: 'token', tokens: [{ code: value, folds: true }], texts: [] })),
    status: look('status', ofCode('http://hl7.org/fhir/publication-status')),
  },
  QuestionnaireResponse: {
    ...everywhere,
    questionnaire: look('questionnaire', (value) => {
      const [url = '', version] = String(value).split('|');
      return { kind: 'canonical', url, version };
    }),
    status: look('status', ofCode('http://hl7.org/fhir/questionnaire-answers-status')),
    ...{ subject: look('subject', ofReference), patient: onlyTo('Patient', 'subject') },
  },
  ValueSet: {
    ...everywhere,
    ...{
      url: look('url', ofUri),
      version: look('version', (value) => ({ kind: 'token', tokens: [{ code: value, folds: true }], texts: [] })),
    },
    status: look('status', ofCode('http://hl7.org/fhir/publication-status')),
  },
};

/** Composites: where their elements stand, and their two parts in each. */
export const composites: Readonly<
  Record<string, readonly { readonly elements: string; readonly parts: readonly Look[] }[]>
> = (() => {
  const quantity = look('valueQuantity', ofQuantity);
  const concept = look('valueCodeableConcept', ofConcept);
  const root = (...parts: Look[]) => ({ elements: '', parts: [code, ...parts] });
  const component = (...parts: Look[]) => ({ elements: 'component', parts: [code, ...parts] });
  return {
    'code-value-quantity': [root(quantity)],
    'code-value-concept': [root(concept)],
    'code-value-string': [root(valueString)],
    'code-value-date': [root(moments('value'))],
    'component-code-value-quantity': [component(quantity)],
    'component-code-value-concept': [component(concept)],
    'combo-code-value-quantity': [root(quantity), component(quantity)],
    'combo-code-value-concept': [root(concept), component(concept)],
  };
})();

/** The types that references of a parameter may lead to, of those that the test has. */
export const targets: Readonly<Record<string, readonly string[]>> = {
  'Organization.partof': ['Organization'],
  'Patient.organization': ['Organization'],
  'Patient.link': ['Patient'],
  'Observation.subject': ['Patient'],
  'Observation.patient': ['Patient'],
  'Observation.performer': ['Organization', 'Patient'],
  'QuestionnaireResponse.questionnaire': ['Questionnaire'],
  'QuestionnaireResponse.subject': ['Patient'],
  'QuestionnaireResponse.patient': ['Patient'],
  'RiskAssessment.subject': ['Patient'],
  'RiskAssessment.patient': ['Patient'],
};
