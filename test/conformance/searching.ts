/** What the tests of search ask with: resources are stored in one bundle, and a search written as in a browser's address line answers the ids that it found. */
import { expect } from 'chai';
import type { TestCaller } from '@heddle/core/testing';
import { ask, at, listAt, textAt, type Answered, type Json } from './asked.ts';

export const loinc = 'http://loinc.org';
export const ucum = 'http://unitsofmeasure.org';

export const concept = (code: string, system = loinc): Json => ({ coding: [{ system, code }] });

export const refer = (reference: string): Json => ({ reference });

/** An Observation, whose required elements say nothing. */
export const observed = (id: string, rest: Json): Json => ({
  ...{ resourceType: 'Observation', id, status: 'final', code: concept('x') },
  ...rest,
});

export const putAll = async (caller: TestCaller, resources: readonly Json[]): Promise<void> => {
  const entry = resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${String(resource['resourceType'])}/${String(resource['id'])}` },
  }));
  const { status, text } = await ask(caller, 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry });
  expect(status, text).to.equal(200);
};

/** `Patient?name=a b`: names and values are escaped here. */
export const asPath = (written: string): string => {
  const cut = written.indexOf('?');
  const pairs = written
    .slice(cut + 1)
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return `${encodeURIComponent(pair.slice(0, equals))}=${encodeURIComponent(pair.slice(equals + 1))}`;
    });
  return `${written.slice(0, cut)}?${pairs.join('&')}&_count=1000`;
};

/** In the order in which they came. */
export const idsIn = (body: unknown, mode = 'match'): string[] =>
  listAt(body, 'entry')
    .filter((entry) => at(entry, 'search', 'mode') === mode)
    .map((entry) => textAt(entry, 'resource', 'id'));

export const searched = (caller: TestCaller, written: string): Promise<Answered> => ask(caller, 'GET', asPath(written));

export const foundBy = async (caller: TestCaller, written: string): Promise<string[]> => {
  const { status, text, body } = await searched(caller, written);
  expect(status, `${written} ${text}`).to.equal(200);
  return idsIn(body);
};

/** One test for each search: the ids that it finds, in the order of the alphabet. */
export const finds = (caller: () => TestCaller, table: Readonly<Record<string, string>>): void => {
  for (const [written, wanted] of Object.entries(table))
    it(`${written} finds ${wanted === '' ? 'nothing' : wanted}`, async () => {
      expect((await foundBy(caller(), written)).toSorted().join(' ')).to.equal(wanted);
    });
};
