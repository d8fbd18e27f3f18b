/** What the conformance tests of GraphQL ask with: a query as one caller, its data and its errors. */
import { expect } from 'chai';
import type { TestCaller } from '@heddle/core/testing';
import { at, listAt, type Json } from './asked.ts';

export interface Told {
  readonly status: number;
  readonly text: string;
  readonly type: string;
  readonly body: Json;
  readonly data: unknown;
  readonly errors: readonly unknown[];
}

/** `path`: of a resource, with a slash behind it; nothing at the system level. */
export const post = async (
  caller: TestCaller,
  path: string,
  body: unknown,
  type = 'application/json',
): Promise<Told> => {
  const answer = await caller.send('POST', `/fhir/${path}$graphql`, body, { 'Content-Type': type });
  const text = await answer.text();
  const read = JSON.parse(text) as Json;
  return {
    ...{ status: answer.status, text, type: answer.headers.get('content-type') ?? '' },
    ...{ body: read, data: read.data, errors: listAt(read, 'errors') },
  };
};

export const tell = (caller: TestCaller, query: string, variables: Json = {}): Promise<Told> =>
  post(caller, '', { query, variables });

export const tellOf = (caller: TestCaller, path: string, query: string): Promise<Told> =>
  post(caller, `${path}/`, query, 'application/graphql');

/** The data of an answer without errors. */
export const dataIn = ({ status, text, data, errors }: Told): unknown => {
  expect(errors, text).to.eql([]);
  expect(status, text).to.equal(200);
  return data;
};

/** The code of an error's OperationOutcome. */
export const codeOf = (error: unknown): unknown => at(error, 'extensions', 'resource', 'issue', 0, 'code');

/** R4's example patient, as graphql.html#flattening shows it, and what other tests need. */
export const peter: Json = {
  active: true,
  identifier: [{ system: 'urn:oid:1.2', value: '12345' }],
  name: [
    { use: 'official', family: 'Chalmers', given: ['Peter', 'James'] },
    { use: 'usual', given: ['Jim'] },
    { use: 'maiden', family: 'Windsor', given: ['Peter', 'James'] },
  ],
  telecom: [
    { system: 'phone', value: '1', use: 'home' },
    { system: 'email', value: 'a@b.example' },
    { system: 'phone', value: '2', use: 'work' },
    { system: 'phone', value: '3', use: 'mobile' },
  ],
  gender: 'female',
  birthDate: '1980-05-17',
  _birthDate: { extension: [{ url: 'http://x.example/time', valueDateTime: '1980-05-17T10:28:45Z' }] },
  contained: [{ resourceType: 'Organization', id: 'org', name: 'Inside' }],
  managingOrganization: { reference: '#org' },
};
