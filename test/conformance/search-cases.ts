/** Random resources that can be stored, and random searches for them: what the property test of search is made of. */
import type { Seeded } from '../../core/test/seeded.ts';
import type { Json } from './asked.ts';
import type { Asked, Wish } from './naive-search.ts';

export const ids = Array.from({ length: 12 }, (_, n) => `r${n}`);

const families = [
  'Müller',
  'Muller',
  'Smith',
  "O'Brien",
  'van der Berg',
  'Ng',
  'mü',
  'a_b',
  'a%b',
  'ÅSE',
  'x,y',
  'p|q$r',
];
const givens = ['Anna', 'Ben', 'Ánna Maria', 'anna'];
const cities = ['Ann Arbor', 'Ängelholm', 'Oslo'];
const codes = ['1', '2', '8480-6', 'A|B'];
const systems = ['http://loinc.org', 'http://snomed.info/sct', ''];
const dates = [
  ...['2020', '2020-02', '2020-02-29', '2021-01-01', '1965-06', '1970-01-01'],
  ...['2020-02-29T10:00:00Z', '2020-02-29T23:59:59.5-05:00', '2020-02-29T10:00:00.250+02:00', '2020-03-01T04:59:59Z'],
];
const askedDates = [
  ...dates,
  '2020-02-29T10:00',
  '2020-02-29T12:00+02:00',
  '2020-02-29T08:00:00.250Z',
  '2019',
  '2020-03-01',
];
const instants = ['2020-02-29T10:00:00Z', '2020-02-29T10:00:00.250Z', '2020-12-31T23:59:59-05:00'];
const numbers = [
  '5',
  '5.4',
  '5.40',
  '5400',
  '-3',
  '0',
  '100',
  '0.00001',
  '1e3',
  '37',
  '310.15',
  '0.0054',
  '-5.4',
  '5.35',
];
const units = ['g', 'mg', 'kg', 'mm[Hg]', '%', 'Cel', 'K'];
const urls = [
  'http://v.example/a',
  'http://v.example/a/b',
  'http://v.example/A',
  'http://v.example/a/b/c',
  'urn:oid:1.2.3',
];
const elsewhere = 'http://elsewhere.example/fhir/Patient/r1';
const ucum = 'http://unitsofmeasure.org';

const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');

export const openCases = ({ pick, whole }: Seeded, base: string) => {
  const maybe = <T>(value: T): T | undefined => (whole(3) === 0 ? undefined : value);
  const rarely = <T>(value: T): T | undefined => (whole(6) === 0 ? value : undefined);
  const some = <T>(make: () => T, most = 2): T[] => Array.from({ length: 1 + whole(most) }, make);

  const coding = (): Json => {
    const system = pick(systems);
    const display = pick(['Systolic pressure', 'Glucose', 'weight', undefined]);
    return {
      ...(system === '' ? {} : { system }),
      code: rarely(1) && system !== '' ? undefined : pick(codes),
      display,
    };
  };
  const concept = (): Json =>
    rarely(1) ? { text: 'some Text' } : { coding: some(coding), text: maybe(pick(['some Text', 'Glucosé in blood'])) };
  const quantity = (): Json => {
    if (rarely(1)) return { unit: 'g' };
    const value = Number(pick(numbers));
    if (whole(4) === 0) return { value, unit: pick(units) };
    return { value, system: ucum, code: pick(units), unit: pick(['x', 'mg']) };
  };
  const period = (): Json => {
    const [start, end] = [
      maybe(pick(['2020-01-15', '2019', '2020-02-29T10:00:00Z'])),
      maybe(pick(['2020-03-01T00:00:00Z', '2021'])),
    ];
    return start || end ? { start, end } : { start: '2019' };
  };
  const timing = (): Json => ({
    event: maybe(['2020-02-01', '2020-02-29T10:00:00Z']),
    repeat: { boundsPeriod: period() },
  });
  const to = (type: string): Json => ({ reference: `${type}/${pick(ids)}` });
  const patientReference = (): Json =>
    pick([
      () => to('Patient'),
      () => to('Patient'),
      () => to('Patient'),
      () => ({ ...to('Patient'), identifier: { system: 'http://a', value: pick(['1', '2']) } }),
      () => ({ reference: elsewhere }),
      () => ({ identifier: { value: '1' }, display: 'somebody' }),
      () => ({ display: 'somebody else' }),
      () => ({ reference: `${base}/Patient/${pick(ids)}` }),
    ])();
  const value = (): Json =>
    pick([
      () => ({}),
      () => ({ valueQuantity: quantity() }),
      () => ({ valueCodeableConcept: concept() }),
      () => ({ valueString: pick(families) }),
      () => ({ valueDateTime: pick(dates) }),
      () => ({ valuePeriod: period() }),
    ])();
  const effective = (): Json =>
    pick([
      () => ({ effectiveDateTime: pick(dates) }),
      () => ({ effectivePeriod: period() }),
      () => ({ effectiveInstant: pick(instants) }),
      () => ({ effectiveTiming: timing() }),
      () => ({}),
    ])();
  const meta = (): Json => ({
    tag: maybe([{ system: 'http://tag', code: pick(['x', 'y']) }]),
    profile: maybe(['http://p/1']),
  });

  const makers: Readonly<Record<string, () => Json>> = {
    Organization: () => ({
      name: pick(families),
      alias: rarely(['Mül & Co']),
      partOf: maybe(to('Organization')),
      meta: meta(),
    }),
    Patient: () => ({
      ...{ gender: maybe(pick(['male', 'female'])), active: maybe(pick([true, false])), meta: meta() },
      birthDate: maybe(pick(['1980-05-17', '1980', '1979-12'])),
      ...pick([{}, { deceasedBoolean: false }, { deceasedBoolean: true }, { deceasedDateTime: '2020-02' }]),
      name: maybe(
        some(() => ({
          family: maybe(pick(families)),
          given: [pick(givens)],
          prefix: rarely(['Dr.']),
          text: rarely('Mülla'),
        })),
      ),
      address: maybe([{ city: pick(cities), line: maybe(['1 Smith Road']) }]),
      telecom: maybe(some(() => ({ system: pick(['phone', 'email']), value: pick(['1', 'a@b']) }))),
      identifier: maybe(
        some(() => ({
          ...{ system: maybe(pick(['http://a', 'http://b'])), value: maybe(pick(['1', '2', 'A|B'])) },
          ...{ use: 'usual', type: maybe({ coding: [{ system: 'http://t', code: 'MR' }] }) },
        })),
      ),
      managingOrganization: maybe(to('Organization')),
      link: rarely([{ other: to('Patient'), type: 'seealso' }]),
      text: maybe({
        status: 'generated',
        div: `<div xmlns="http://www.w3.org/1999/xhtml">Bone <b>metastases</b> ${pick(families)}</div>`,
      }),
    }),
    Observation: () => ({
      ...{ status: pick(['final', 'amended']), code: concept(), meta: meta() },
      ...{ subject: maybe(patientReference()), performer: rarely([to('Organization'), to('Patient')]) },
      ...{ ...effective(), ...value() },
      component: maybe(
        some(() => ({
          code: concept(),
          ...pick([{ valueQuantity: quantity() }, { valueCodeableConcept: concept() }, {}]),
        })),
      ),
    }),
    RiskAssessment: () => ({
      ...{ status: 'final', subject: to('Patient'), meta: meta() },
      ...pick([{}, { occurrenceDateTime: pick(dates) }]),
      prediction: maybe(
        some(() =>
          pick([
            () => ({ probabilityDecimal: Math.abs(Number(pick(numbers))) }),
            () => ({ probabilityRange: { low: { value: 5 }, high: maybe({ value: 100.5 }) } }),
          ])(),
        ),
      ),
    }),
    ValueSet: () => ({
      status: pick(['active', 'draft']),
      url: maybe(pick(urls)),
      version: maybe(pick(['1', '2'])),
      meta: meta(),
    }),
  };

  const systemOf = () => pick(systems);
  const code = () => escaped(pick(codes));
  const token = () => pick([code(), `${systemOf()}|${code()}`, `${pick(systems.slice(0, 2))}|`, `|${code()}`]);
  const prefix = () => pick(['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']);
  const date = () => `${prefix()}${pick(askedDates)}`;
  const number = () => `${prefix()}${pick(numbers)}`;
  const amount = () => pick([number(), `${number()}|${ucum}|${pick(units)}`, `${number()}||${pick([...units, 'x'])}`]);
  const name = () =>
    pick(['mul', 'Mül', 'smi', 'o', 'van der', 'a_', 'a%', 'berg', 'n', 'Ng', 'anna', 'x\\,', 'p\\|q\\$']);
  const person = () => pick([pick(ids), `Patient/${pick(ids)}`, elsewhere, `${base}/Patient/${pick(ids)}`]);
  const either = (make: () => string): string => (whole(4) === 0 ? `${make()},${make()}` : make());
  const truth = () => pick(['true', 'false']);
  const gender = () =>
    pick(['male', 'female', 'http://hl7.org/fhir/administrative-gender|male', 'http://other|male', '|female']);
  const status = () => pick(['final', 'amended', 'http://hl7.org/fhir/observation-status|amended']);
  const missing = (...of: readonly string[]) => ask(`${pick(of)}:missing`, truth());
  const ask = (asked: string, answer: string): Asked => ({ name: asked, value: answer });

  type Leaf = () => readonly [text: string, wish: Wish];
  const compared = (path: string, operator: string, text: string, [asked, answer]: readonly [string, string]) =>
    [`${path} ${operator} ${text}`, { name: asked, value: answer }] as const;
  const order = () => pick(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']);
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const likeName = (path: string): readonly [string, Wish] => {
    const [operator, modifier] = pick([
      ['co', ':contains'],
      ['sw', ''],
      ['eq', ':exact'],
    ] as const);
    const text = pick(['mul', 'Müller', 'Smith', 'a%b', 'van der', 'x,y']);
    return compared(path, operator, quoted(text), [`${path}${modifier}`, escaped(text)]);
  };
  const dated = (path: string, text: string, operator = order()) =>
    compared(path, operator, text, [path, `${operator}${text}`]);
  const leaves: Readonly<Record<string, readonly Leaf[]>> = {
    Organization: [() => likeName('name'), () => likeName('partof.name')],
    Patient: [
      () => likeName(pick(['family', 'name', 'organization.name'])),
      () => pick(['male', 'female'].map((each) => compared('gender', 'eq', each, ['gender', each]))),
      () => dated('birthdate', pick(['1980', '1980-05-17', '1979'])),
      () => pick(['birthdate', 'family'].map((each) => compared(each, 'pr', 'true', [`${each}:missing`, 'false']))),
    ],
    Observation: [
      () => dated('date', pick(askedDates)),
      () => dated('value-quantity', pick(numbers)),
      () => pick(['1', `${systems[0]}|1`].map((each) => compared('code', 'eq', each, ['code', each]))),
      () => likeName(pick(['subject.family', 'patient.organization.name', 'value-string'])),
    ],
    RiskAssessment: [() => dated('probability', pick(numbers)), () => dated('date', pick(askedDates))],
    ValueSet: [() => pick(urls.map((each) => compared('url', pick(['eq']), quoted(each), ['url', each])))],
  };
  const tree = (leaf: Leaf, deep: number): readonly [string, Wish] => {
    const kind = deep === 0 ? 3 : whole(4);
    if (kind > 2) return leaf();
    const [[one, first], [other, second]] = [tree(leaf, deep - 1), tree(leaf, deep - 1)];
    if (kind === 2) return [`not (${one})`, { not: first }];
    return kind === 1
      ? [`((${one}) or (${other}))`, { any: [first, second] }]
      : [`((${one}) and (${other}))`, { all: [first, second] }];
  };
  const filter = (type: string): Asked => {
    const [text, wish] = tree(() => pick(leaves[type] ?? [])(), 2);
    return { name: '_filter', value: text, wish };
  };
  const words = (kind: string, from: readonly string[]): Asked => {
    const word: Leaf = () => {
      const text = pick(from);
      return [text.includes(' ') ? `"${text}"` : text, { name: '', value: text }];
    };
    const [text, wish] = tree(word, 2);
    return { name: kind, value: text, wish };
  };

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
          either(() => pick(['1', 'a@b'])),
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
          '_id',
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
      () => ask(pick(['subject:identifier', 'subject:identifier']), pick(['1', 'http://a|1', '|1', 'http://a|'])),
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
    ValueSet: [
      () =>
        ask(
          pick(['url', 'url:below']),
          either(() => pick([...urls, 'http://v.example'])),
        ),
      () => ask('version', pick(['1', '|2', '3'])),
      () => ask('status', pick(['active', 'http://hl7.org/fhir/publication-status|draft'])),
      () => missing('url', 'version'),
    ],
  };

  const types = Object.keys(makers);
  // R4 takes no empty object.
  const filled = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value;
  const clean = (resource: Json): Json => JSON.parse(JSON.stringify(resource), filled) as Json;
  const sorts: Readonly<Record<string, readonly string[]>> = {
    Organization: ['name', '-name', '_id'],
    Patient: ['birthdate', '-birthdate', 'gender,-birthdate', '-family', 'family', 'death-date,_id', 'active,-_id'],
    Observation: ['date', 'status,date', 'value-string', '-value-string', '-status,_id'],
    RiskAssessment: ['probability', '-probability', 'date', '_id'],
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
    ValueSet: [],
  };
  return {
    types,
    sort: (type: string): string => pick(sorts[type] ?? []),
    include: (type: string): string | undefined => maybe(pick(includes[type] ?? [])),
    make: (type: string, id: string): Json => clean({ resourceType: type, id, ...makers[type]?.() }),
    question: (type: string): Asked => (whole(10) === 0 ? filter(type) : pick(questions[type] ?? [])()),
  };
};
