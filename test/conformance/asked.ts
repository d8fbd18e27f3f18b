/** What the conformance tests ask with: a caller's request, its answer read as a resource, and a few small resources. */
import { expect } from 'chai';
import type { TestCaller } from '@heddle/core/testing';

export interface Json {
  readonly [name: string]: unknown;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body; an empty object where there is none. */
  readonly body: Json;
}

export const ask = async (
  caller: TestCaller,
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<Answered> => {
  const answer = await caller.send(method, `/fhir/${path}`, body, headers);
  const text = await answer.text();
  return {
    ...{ status: answer.status, headers: answer.headers, text },
    body: text.startsWith('{') ? (JSON.parse(text) as Json) : {},
  };
};

/** The members of a body along a path of names and places. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null ? (found as Record<string | number, unknown>)[name] : undefined,
    value,
  );

export const listAt = (value: unknown, ...path: readonly (string | number)[]): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as unknown[]) : [];
};

export const textAt = (value: unknown, ...path: readonly (string | number)[]): string => {
  const found = at(value, ...path);
  return typeof found === 'string'
    ? found
    : expect.fail(`no text at ${path.join('.')} of ${JSON.stringify(value).slice(0, 500)}`);
};

export const patient = (rest: Json = {}): Json => ({ resourceType: 'Patient', ...rest });

export const identified = (value: string, system = 'http://hospital.example/mrn'): Json =>
  patient({ identifier: [{ system, value }] });

export const observation = (subject: string, rest: Json = {}): Json => ({
  ...{ resourceType: 'Observation', status: 'final', subject: { reference: subject } },
  code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
  ...rest,
});

/** Creates it and answers its id. */
export const made = async (caller: TestCaller, resource: Json): Promise<string> => {
  const answer = await ask(caller, 'POST', String(resource.resourceType), resource);
  expect(answer.status, answer.text).to.equal(201);
  return textAt(answer.body, 'id');
};

export const refusedWith = (answer: Answered, status: number, code: string, words?: RegExp): void => {
  expect(answer.status, answer.text).to.equal(status);
  expect(at(answer.body, 'resourceType'), answer.text).to.equal('OperationOutcome');
  expect(
    listAt(answer.body, 'issue').map((issue) => at(issue, 'code')),
    answer.text,
  ).to.include(code);
  if (words) expect(answer.text).to.match(words);
};
