/** Reads the entries of a batch or a transaction as the requests that they are; refuses an entry that does not say what it wants. */
import { invalid, Outcome } from '../outcome/outcome.ts';
import type { Body, Resource } from './body.ts';
import { queryIn } from './query-text.ts';
import { readFhirRequest, type FhirRequest } from './request-table.ts';

type Members = Readonly<Record<string, unknown>>;

export interface EntryRequest extends FhirRequest {
  readonly place: number;
  readonly method: string;
  readonly fullUrl: string | undefined;
  readonly resource: Resource | undefined;
  readonly query: URLSearchParams;
  /** If-None-Exist of a POST, or the query of a PUT, PATCH or DELETE without an id. */
  readonly criteria: URLSearchParams | undefined;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: number | undefined;
}

const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};

const textIn = (members: Members, name: string): string | undefined => {
  const value = members[name];
  return typeof value === 'string' ? value : undefined;
};

/** Where a fault of an entry stands in the bundle. */
export const entryPath = (place: number): string => `Bundle.entry[${place}]`;

/** An entry's own refusal, told as a place of the bundle. */
export const inEntry = (place: number, outcome: Outcome): Outcome =>
  new Outcome(
    outcome.status,
    outcome.issues.map((issue) => ({
      ...issue,
      expression: issue.expression?.map((path) => `${entryPath(place)}.resource${path.replace(/^[A-Za-z]+/, '')}`) ?? [
        entryPath(place),
      ],
    })),
    outcome.headers,
    outcome.cause,
  );

/** The address within this server; entries may name the whole of it. */
const localUrl = (url: string, base: string): string => {
  const local = url.startsWith(`${base}/`) ? url.slice(base.length + 1) : url;
  return local.replace(/^\//, '');
};

const byCriteria = new Set(['update', 'patch', 'delete']);

const time = (text: string | undefined): number | undefined => {
  const milliseconds = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
};

const isResource = (value: unknown): value is Resource => typeof membersOf(value).resourceType === 'string';

const readEntry = (value: unknown, place: number, base: string): EntryRequest => {
  const entry = membersOf(value);
  const request = membersOf(entry.request);
  const [method, url] = [textIn(request, 'method'), textIn(request, 'url')];
  if (method === undefined || url === undefined)
    throw invalid(
      `${entryPath(place)}.request`,
      'an entry of a batch or transaction needs request.method and request.url',
    );
  const [path = '', query = ''] = localUrl(url, base).split('?', 2);
  if (/^[a-z][a-z\d+.-]*:/i.test(path))
    throw invalid(`${entryPath(place)}.request.url`, 'the address is not one of this server');
  const asked = readFhirRequest(method, path);
  const exists = textIn(request, 'ifNoneExist');
  const params = queryIn(query);
  const found = asked.id === undefined && byCriteria.has(asked.verb) ? params : undefined;
  return {
    ...{ ...asked, place, method, query: params },
    fullUrl: textIn(entry, 'fullUrl'),
    resource: isResource(entry.resource) ? entry.resource : undefined,
    criteria: exists === undefined ? found : queryIn(exists.replace(/^[^=?]*\?/, '')),
    ifMatch: textIn(request, 'ifMatch'),
    ifNoneMatch: textIn(request, 'ifNoneMatch'),
    ifModifiedSince: time(textIn(request, 'ifModifiedSince')),
  };
};

/** Each entry, or why it cannot be read. */
export const readEntries = (bundle: Resource, base: string): (EntryRequest | Outcome)[] =>
  (Array.isArray(bundle.entry) ? bundle.entry : []).map((value: unknown, place) => {
    try {
      return readEntry(value, place, base);
    } catch (thrown) {
      if (thrown instanceof Outcome) return inEntry(place, thrown);
      throw thrown;
    }
  });

/** What a bundle that is posted asks for. */
export const bundleVerb = (body: Body | undefined): 'batch' | 'transaction' => {
  const { resourceType, type } = body?.resource ?? { resourceType: '' };
  if (resourceType !== 'Bundle') throw invalid('resourceType', 'only a Bundle can be posted here');
  if (type !== 'batch' && type !== 'transaction')
    throw invalid('Bundle.type', 'a bundle that is posted here is a batch or a transaction');
  return type;
};
