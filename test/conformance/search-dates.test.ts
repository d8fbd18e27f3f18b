import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import type { Json } from './asked.ts';
import { dateRules, outer, pointOf, spanOf, type Span } from './naive-values.ts';
import { finds, foundBy, observed, putAll } from './searching.ts';

interface Stored {
  readonly element: Json;
  readonly span: Span;
}

const dateTime = (text: string): Stored => ({ element: { effectiveDateTime: text }, span: spanOf(text) });

const instant = (text: string): Stored => ({ element: { effectiveInstant: text }, span: pointOf(text) });

const period = (start?: string, end?: string): Stored => ({
  element: { effectivePeriod: { start, end } },
  span: outer(start, end),
});

const timing = (element: Json, start: string, end: string): Stored => ({
  element: { effectiveTiming: element },
  span: outer(start, end),
});

const stored: Readonly<Record<string, Stored>> = {
  'year-before': dateTime('2012'),
  year: dateTime('2013'),
  'year-behind': dateTime('2014'),
  'long-ago': dateTime('1999-12-31'),
  month: dateTime('2013-01'),
  'month-behind': dateTime('2013-02'),
  'day-before': dateTime('2013-01-13'),
  day: dateTime('2013-01-14'),
  'day-behind': dateTime('2013-01-15'),
  midnight: dateTime('2013-01-14T00:00:00Z'),
  'last-moment': dateTime('2013-01-14T23:59:59.999Z'),
  // Another day where its clock stands.
  'day-of-elsewhere': dateTime('2013-01-15T01:00:00+02:00'),
  'month-of-elsewhere': dateTime('2013-01-31T23:30:00-05:00'),
  second: dateTime('2013-01-14T10:00:00Z'),
  'second-elsewhere': dateTime('2013-01-14T05:00:00-05:00'),
  'second-behind': dateTime('2013-01-14T10:00:01Z'),
  'minute-end': dateTime('2013-01-14T10:00:59Z'),
  milli: dateTime('2013-01-14T10:00:00.250Z'),
  'milli-before': dateTime('2013-01-14T10:00:00.249Z'),
  instant: instant('2013-01-14T10:00:00Z'),
  'instant-milli': instant('2013-01-14T10:00:00.250Z'),
  'around-ten': period('2013-01-14T08:00:00Z', '2013-01-14T12:00:00Z'),
  'until-noon': period('2013-01-13T12:00:00Z', '2013-01-14T12:00:00Z'),
  'whole-day': period('2013-01-14', '2013-01-14'),
  'whole-year': period('2013-01-01', '2013-12-31'),
  'over-the-year': period('2012-06', '2013-06'),
  onwards: period('2013-01-14T10:00:00Z'),
  'onwards-later': period('2013-02'),
  until: period(undefined, '2013-01-14'),
  'until-earlier': period(undefined, '2012-12-31'),
  events: timing({ event: ['2013-03-01', '2013-01-14T10:00:00Z', '2013-01-20'] }, '2013-01-14T10:00:00Z', '2013-03-01'),
  bounds: timing(
    { repeat: { boundsPeriod: { start: '2013-01-10', end: '2013-01-31' }, frequency: 1, period: 1, periodUnit: 'd' } },
    '2013-01-10',
    '2013-01-31',
  ),
};

const asked = [
  ...['2013', '2013-01', '2013-01-14', '2012-12', '2014-01-01'],
  ...['2013-01-14T10:00', '2013-01-14T10:00Z', '2013-01-14T12:00+02:00', '2013-01-14T04:59-05:00'],
  ...['2013-01-14T10:00:00', '2013-01-14T10:00:00Z', '2013-01-14T05:00:00-05:00', '2013-01-14T00:00:00Z'],
  ...['2013-01-14T10:00:00.250', '2013-01-14T10:00:00.250Z', '2013-01-14T12:00:00.000+02:00', '2013-01-14T10:00:00.2Z'],
];

const birthdays = ['1960', '1979', '1980', '1980-05', '1980-05-17', '1980-05-18', '1981-01-01'];

/** R4 search.html#date and #prefix, the examples that they print; 2013-01-14T00:00 and the like stand for times of a day. */
const printed: Readonly<Record<string, readonly [wanted: readonly string[], unwanted: readonly string[]]>> = {
  'eq2013-01-14': [
    ['midnight', 'second', 'day'],
    ['day-behind', 'day-before', 'until-noon'],
  ],
  'ne2013-01-14': [['day-behind'], ['midnight', 'second']],
  'lt2013-01-14T10:00': [
    ['day', 'until-noon', 'around-ten'],
    ['second', 'day-behind'],
  ],
  'gt2013-01-14T10:00': [
    ['day', 'until-noon', 'around-ten', 'onwards'],
    ['second', 'day-before'],
  ],
  'ge2013-03-14': [['onwards'], ['until']],
  'le2013-03-14': [['onwards', 'until'], ['year-behind']],
  'sa2013-01-30': [['onwards-later'], ['onwards', 'until']],
  'eb2013-03-14': [['until'], ['onwards-later', 'onwards', 'year']],
  'ap2013-03-14': [['day', 'month-behind'], ['long-ago']],
};

describe('a search by date', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, [
      ...Object.entries(stored).map(([id, { element }]) => observed(id, element)),
      observed('undated', {}),
      ...birthdays.map((birthDate) => ({ resourceType: 'Patient', id: `born-${birthDate}`, birthDate })),
      { resourceType: 'Patient', id: 'unborn' },
    ]);
  });
  after(() => server.close());

  const clock = (): bigint => BigInt(server.serving.kernel.now()) * 1_000_000n;

  for (const [prefix, rule] of Object.entries(dateRules)) {
    it(`${prefix} holds of every precision and every kind of stored time what R4 says`, async () => {
      for (const text of asked) {
        const wanted = Object.entries(stored).filter(([, { span }]) => rule(spanOf(text), span, clock()));
        const found = await foundBy(admin, `Observation?date=${prefix}${text}`);
        expect(found.toSorted(), `date=${prefix}${text}`).to.deep.equal(wanted.map(([id]) => id).toSorted());
      }
    });

    it(`${prefix} holds so of dates without a time`, async () => {
      for (const text of ['1980', '1980-05', '1980-05-17', '1980-05-17T10:00', '1980-05-17T00:00:00Z']) {
        const wanted = birthdays.filter((birthday) => rule(spanOf(text), spanOf(birthday), clock()));
        const found = await foundBy(admin, `Patient?birthdate=${prefix}${text}`);
        expect(found.toSorted(), `birthdate=${prefix}${text}`).to.deep.equal(wanted.map((each) => `born-${each}`));
      }
    });
  }

  it('without a prefix asks for equality, and for any of several values', async () => {
    for (const text of asked)
      expect(await foundBy(admin, `Observation?date=${text}`), text).to.have.members(
        await foundBy(admin, `Observation?date=eq${text}`),
      );
    const either = await foundBy(admin, 'Patient?birthdate=1979,gt1981,1980-05-17');
    expect(either.toSorted()).to.deep.equal(['born-1979', 'born-1980-05-17']);
    const both = await foundBy(admin, 'Patient?birthdate=ge1980-05&birthdate=le1980-05-17');
    expect(both.toSorted()).to.deep.equal(['born-1980', 'born-1980-05', 'born-1980-05-17']);
  });

  for (const [text, [wanted, unwanted]] of Object.entries(printed))
    it(`date=${text} answers as R4's example of it`, async () => {
      const found = await foundBy(admin, `Observation?date=${text}`);
      expect(found).to.include.members([...wanted]);
      for (const id of unwanted) expect(found).not.to.include(id);
    });

  it('of the time of the last change holds it for the moment that it is', async () => {
    const at = '2013-01-14T10:00:00.000Z';
    for (const prefix of ['gt', 'ge', 'sa', 'ne'])
      expect(await foundBy(admin, `Patient?_lastUpdated=${prefix}${at}`)).to.have.length(8);
    for (const prefix of ['lt', 'le', 'eb', 'eq'])
      expect(await foundBy(admin, `Patient?_lastUpdated=${prefix}${at}`)).to.have.length(0);
    const today = new Date(server.serving.kernel.now()).toISOString().slice(0, 10);
    expect(await foundBy(admin, `Patient?_lastUpdated=${today.slice(0, 4)}`)).to.have.length(8);
  });

  finds(() => admin, {
    'Observation?date:missing=true': 'undated',
    'Patient?birthdate:missing=true': 'unborn',
    'Patient?birthdate:missing=false&birthdate=lt1980': 'born-1960 born-1979',
  });
});
