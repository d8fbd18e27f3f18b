/** Random resources that can be stored: what the property test of search looks through. */
import type { Seeded } from '../../core/test/seeded.ts';
import type { Json } from './asked.ts';
import {
  cities,
  codes,
  dates,
  elsewhere,
  families,
  givens,
  ids,
  instants,
  numbers,
  openChoices,
  systems,
  ucum,
  units,
  urls,
} from './search-pools.ts';

export const openMakers = (random: Seeded, base: string) => {
  const { pick, whole, maybe, rarely, some } = openChoices(random);
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
    const comparator = rarely(pick(['<', '<=', '>', '>=']));
    if (whole(4) === 0) return { value, comparator, unit: pick(units) };
    return { value, comparator, system: ucum, code: pick(units), unit: pick(['x', 'mg']) };
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
      () => ({ identifier: { system: 'http://a', value: '1' }, type: pick(['Patient', 'Group']) }),
      () => ({ type: pick(['Patient', 'Group']), display: 'somebody known' }),
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
      telecom: maybe(some(() => ({ system: pick(['phone', 'email']), value: pick(['1', 'a@b', 'A@b']) }))),
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
    Questionnaire: () => ({
      status: pick(['active', 'draft']),
      url: maybe(pick(urls.slice(0, 3))),
      version: maybe(pick(['1', '1.2', '2'])),
    }),
    QuestionnaireResponse: () => ({
      status: pick(['completed', 'in-progress']),
      questionnaire: maybe(
        pick([...urls.slice(0, 3), `${base}/Questionnaire/${pick(ids)}`]) + pick(['', '', '|1', '|1.2']),
      ),
      subject: maybe(to('Patient')),
    }),
    ValueSet: () => ({
      status: pick(['active', 'draft']),
      url: maybe(pick(urls)),
      version: maybe(pick(['1', '2', 'RC-a'])),
      meta: meta(),
    }),
  };

  // R4 takes no empty object.
  const filled = (_: string, found: unknown): unknown =>
    typeof found === 'object' && found !== null && Object.keys(found).length === 0 ? undefined : found;
  return {
    types: Object.keys(makers),
    make: (type: string, id: string): Json =>
      JSON.parse(JSON.stringify({ resourceType: type, id, ...makers[type]?.() }), filled) as Json,
  };
};
