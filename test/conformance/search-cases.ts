/** Random searches for what the random resources may have, each with what it means: what the property test of search asks. */
import type { Seeded } from '../../core/test/seeded.ts';
import type { Asked } from './naive-search.ts';
import { escaped, openWishes } from './search-wishes.ts';
import {
  askedDates,
  codes,
  elsewhere,
  families,
  ids,
  numbers,
  openChoices,
  systems,
  ucum,
  units,
  urls,
} from './search-pools.ts';

export const openCases = (random: Seeded, base: string) => {
  const { pick, whole, maybe } = openChoices(random);
  const systemOf = () => pick(systems);
  const code = () => escaped(pick(codes));
  const token = () => pick([code(), `${systemOf()}|${code()}`, `${pick(systems.slice(0, 2))}|`, `|${code()}`]);
  const prefix = () => pick(['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']);
  const date = () => `${prefix()}${pick(askedDates)}`;
  const number = () => `${prefix()}${pick(numbers)}`;
  const amount = () => pick([number(), `${number()}|${ucum}|${pick(units)}`, `${number()}||${pick([...units, 'x'])}`]);
  const name = () =>
    pick([
      ...['mul', 'Mül', 'smi', 'o', 'van der', 'a_', 'a%', 'berg', 'n', 'Ng', 'anna', 'x\\,', 'p\\|q\\$', 'ńg'],
      ...[
        'fin',
        'ASTRA',
        'spaced out',
        'Once',
        'upon',
        'ends',
        'done ends w',
        ...['quinones', 'schmidt', 'muller schmidt', 'obrien', 'o brien', 'berg', 'x'],
        ...['ΟΔΥΣ', 'σσ', 'παπασ', 'र', 'राम', 'रीमा', '가', '각'],
      ],
    ]);
  const person = () => pick([pick(ids), `Patient/${pick(ids)}`, elsewhere, `${base}/Patient/${pick(ids)}`]);
  const either = (make: () => string): string => (whole(4) === 0 ? `${make()},${make()}` : make());
  const truth = () => pick(['true', 'false']);
  const gender = () =>
    pick(['male', 'female', 'http://hl7.org/fhir/administrative-gender|male', 'http://other|male', '|female']);
  const status = () => pick(['final', 'amended', 'http://hl7.org/fhir/observation-status|amended']);
  const missing = (...of: readonly string[]) => ask(`${pick(of)}:missing`, truth());
  const ask = (asked: string, answer: string): Asked => ({ name: asked, value: answer });

  const { filter, words } = openWishes(random);

  const questions: Readonly<Record<string, readonly (() => Asked)[]>> = {
    Organization: [
      () => ask(pick(['name', 'name:exact', 'name:contains']), either(name)),
      () => ask('name:exact', escaped(pick(families))),
      () => ask('_has:Patient:organization:gender', gender()),
      () => ask('_has:Patient:organization:_has:Observation:patient:code', token()),
      () => ask(pick(['partof.name', 'partof.partof.name', 'partof:Organization.name:exact']), name()),
      () =>
        ask(
          'partof',
          either(() => pick([pick(ids), `Organization/${pick(ids)}`])),
        ),
      () => missing('partof', 'name'),
    ],
    Patient: [
      () => ask(pick(['family', 'family:exact', 'family:contains', 'name', 'given', 'name:contains']), either(name)),
      () => ask('family:exact', escaped(pick(families))),
      () =>
        ask(
          pick(['address', 'address-city', 'address-city:contains']),
          pick(['ann', 'arbor', 'ANG', 'smith', '1 s', 'oslo']),
        ),
      () => ask(pick(['gender', 'gender:not']), either(gender)),
      () => ask(pick(['active', 'active:not', 'deceased']), truth()),
      () =>
        ask(
          pick(['telecom', 'phone', 'email']),
          either(() => pick(['1', 'a@b', 'A@B'])),
        ),
      () =>
        ask(
          pick(['birthdate', 'death-date']),
          either(() => `${prefix()}${pick(['1980-05-17', '1980', '1979', '2020'])}`),
        ),
      () =>
        ask(
          'identifier',
          either(() => pick(['1', 'http://a|1', 'http://a|', '|2', 'A\\|B', 'http://b|A\\|B'])),
        ),
      () => ask('identifier:of-type', `http://t|MR|${pick(['1', '2', 'A\\|B'])}`),
      () => missing('family', 'birthdate', 'organization', 'identifier', '_tag', 'telecom', 'link', 'death-date'),
      () => ask('organization', pick([pick(ids), `Organization/${pick(ids)}`])),
      () =>
        ask(
          pick(['organization.name', 'organization:Organization.name', 'organization.partof.name', 'link.family']),
          name(),
        ),
      () =>
        ask(
          pick([
            '_has:Observation:patient:code',
            '_has:Observation:subject:code:not',
            '_has:Observation:performer:code',
          ]),
          token(),
        ),
      () => ask(pick(['_has:Observation:subject:date', '_has:RiskAssessment:patient:date']), date()),
      () => ask('_has:Observation:patient:combo-code-value-quantity', `${token()}$${amount()}`),
      () =>
        ask(
          pick(['_id', '_id:not']),
          either(() => pick(ids)),
        ),
      () => ask(pick(['_tag', '_tag:not']), pick(['x', 'http://tag|y', 'http://tag|'])),
      () => ask('_profile', 'http://p/1'),
      () => words('_text', ['bone', 'metastases', 'smith', 'ng', 'bone metastases', 'metastases van der']),
      () => words('_content', ['anna', 'http', 'generated', 'maria', 'der berg', 'bone']),
      () => ask('_lastUpdated', pick(['gt2020-01-01', 'lt2020-01-01'])),
    ],
    Observation: [
      () =>
        ask(
          pick(['code', 'code:not', 'combo-code', 'component-code', 'value-concept', 'combo-value-concept']),
          either(token),
        ),
      () =>
        ask(pick(['code:text', 'combo-code:text']), pick(['gluc', 'pressure', 'some text', 'ystolic', 'GLUCOSE IN'])),
      () => ask('date', either(date)),
      () => ask(pick(['value-quantity', 'component-value-quantity', 'combo-value-quantity']), either(amount)),
      () =>
        ask(
          pick(['code-value-quantity', 'component-code-value-quantity', 'combo-code-value-quantity']),
          either(() => `${token()}$${amount()}`),
        ),
      () =>
        ask(
          pick(['code-value-concept', 'component-code-value-concept', 'combo-code-value-concept']),
          `${token()}$${token()}`,
        ),
      () => ask('code-value-string', `${code()}$${name()}`),
      () => ask('code-value-date', `${token()}$${date()}`),
      () => ask(pick(['patient', 'subject', 'subject:Patient']), either(person)),
      () => ask(pick(['subject:identifier', 'patient:identifier']), pick(['1', 'http://a|1', '|1', 'http://a|'])),
      () =>
        ask(pick(['subject.family', 'subject:Patient.name', 'patient.organization.name', 'performer.name']), name()),
      () => ask(pick(['patient:Patient.gender', 'subject.gender:not']), gender()),
      () => ask('patient._has:Observation:patient:status', status()),
      () => ask(pick(['status', 'status:not']), either(status)),
      () =>
        missing(
          'date',
          'value-quantity',
          'subject',
          'patient',
          'component-code',
          'value-string',
          'code',
          'combo-value-concept',
        ),
      () => ask(pick(['value-string', 'value-string:contains', 'value-string:exact']), either(name)),
    ],
    RiskAssessment: [
      () => ask('probability', either(number)),
      () => ask('date', either(date)),
      () => ask(pick(['patient', 'subject']), either(person)),
      () => ask(pick(['patient.family', 'subject:Patient.organization.name']), name()),
      () => missing('probability', 'date', 'patient'),
    ],
    Questionnaire: [
      () => ask(pick(['_has:QuestionnaireResponse:questionnaire:status']), pick(['completed', 'in-progress'])),
      () => ask('_has:QuestionnaireResponse:questionnaire:patient.family', name()),
      () => ask('url', pick(urls)),
      () => ask('version', pick(['1', '2'])),
    ],
    QuestionnaireResponse: [
      () => ask(pick(['questionnaire.status', 'questionnaire:Questionnaire.status']), pick(['active', 'draft'])),
      () => ask('questionnaire.version', pick(['1', '1.2', '2'])),
      () =>
        ask(
          'questionnaire',
          either(() => pick([pick(urls), `${pick(urls)}|1`, pick(ids), `Questionnaire/${pick(ids)}`])),
        ),
      () => ask('questionnaire:below', pick([pick(urls), `${pick(urls)}|1`, `${pick(urls)}|1.2`])),
      () => ask('questionnaire:Questionnaire', pick(ids)),
      () => ask('patient._has:QuestionnaireResponse:patient:questionnaire.status', pick(['active', 'draft'])),
      () => missing('questionnaire', 'patient'),
    ],
    ValueSet: [
      () =>
        ask(
          pick(['url', 'url:below']),
          either(() => pick([...urls, 'http://v.example'])),
        ),
      () => ask('version', pick(['1', '|2', '3', 'rc-a', '|RC-A'])),
      () => ask('status', pick(['active', 'http://hl7.org/fhir/publication-status|draft'])),
      () => missing('url', 'version'),
    ],
  };

  const sorts: Readonly<Record<string, readonly string[]>> = {
    Organization: ['name', '-name', '_id'],
    Patient: ['birthdate', '-birthdate', 'gender,-birthdate', '-family', 'family', 'death-date,_id', 'active,-_id'],
    Observation: ['date', 'status,date', 'value-string', '-value-string', '-status,_id'],
    RiskAssessment: ['probability', '-probability', 'date', '_id'],
    Questionnaire: ['url', '-version,_id'],
    QuestionnaireResponse: ['status,_id', '-_id'],
    ValueSet: ['url', '-url', 'status,-url', 'version,_id'],
  };
  const includes: Readonly<Record<string, readonly string[]>> = {
    Organization: [
      '_include=Organization:partof',
      '_revinclude=Patient:organization',
      '_revinclude=Organization:partof',
    ],
    Patient: [
      '_include=Patient:organization',
      '_revinclude=Observation:patient',
      '_revinclude=Observation:subject:Patient',
      '_revinclude=RiskAssessment:subject',
    ],
    Observation: [
      '_include=Observation:subject',
      '_include=Observation:patient',
      '_include=Observation:performer:Patient',
    ],
    RiskAssessment: ['_include=RiskAssessment:subject:Patient', '_include=RiskAssessment:patient'],
    Questionnaire: ['_revinclude=QuestionnaireResponse:questionnaire'],
    QuestionnaireResponse: [
      '_include=QuestionnaireResponse:questionnaire',
      '_include=QuestionnaireResponse:questionnaire:Questionnaire',
    ],
    ValueSet: [],
  };
  return {
    /** What every type can be asked. */
    common: (): Asked =>
      pick([
        () => ask(pick(['_tag', '_tag:not']), pick(['x', 'http://tag|y'])),
        () => ask('_id', `${pick(ids)},${pick(ids)},${pick(ids)}`),
        () => missing('_profile', '_tag'),
        () => words('_content', ['anna', 'http', 'ng', 'smith']),
      ])(),
    sort: (type: string): string => pick(sorts[type] ?? []),
    include: (type: string): string | undefined => maybe(pick(includes[type] ?? [])),
    question: (type: string): Asked => (whole(10) === 0 ? filter(type) : pick(questions[type] ?? [])()),
  };
};
