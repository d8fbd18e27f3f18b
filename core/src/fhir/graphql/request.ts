/** Reads the body of a GraphQL request as the parameters query, operationName and variables; refuses JSON that says something else. */
import { malformed } from '../../outcome/outcome.ts';
import { isMembers, type Members } from '../members.ts';

const json = new Set(['application/json', 'application/fhir+json', 'application/graphql+json']);

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('the body is not JSON');
  }
};

const wanted = (): Error => malformed('the body is a JSON object with query, and perhaps operationName and variables');

/** As any operation can be asked: R4's $graphql has the one parameter `query`. */
const ofParameters = ({ parameter }: Members): [string, string][] => {
  const rows: unknown[] = Array.isArray(parameter) ? parameter : [];
  return rows.flatMap((row): [string, string][] =>
    isMembers(row) && row['name'] === 'query' && typeof row['valueString'] === 'string'
      ? [['query', row['valueString']]]
      : [],
  );
};

const ofJson = (body: unknown): [string, string][] => {
  if (!isMembers(body)) throw wanted();
  if (body['resourceType'] === 'Parameters') return ofParameters(body);
  const { query, operationName = null, variables = null } = body;
  if (typeof query !== 'string') throw wanted();
  if (operationName !== null && typeof operationName !== 'string') throw wanted();
  return [
    ['query', query],
    ...(operationName === null ? [] : ([['operationName', operationName]] as const)),
    ...(variables === null ? [] : ([['variables', JSON.stringify(variables)]] as const)),
  ].map(([name, value]): [string, string] => [name, value]);
};

/** Undefined for a media type that GraphQL does not come in. */
export const graphqlParameters = (mediaType: string, text: string): [string, string][] | undefined => {
  if (text === '') return [];
  if (mediaType === 'application/graphql') return [['query', text]];
  return json.has(mediaType) ? ofJson(parsed(text)) : undefined;
};

/** The names and values of `variables`; none where it is not given. */
export const readVariables = (text: string | null): Members => {
  if (text === null || text === '') return {};
  const read = parsed(text);
  if (read === null) return {};
  if (!isMembers(read)) throw malformed('variables is a JSON object with a value for each name');
  return read;
};
