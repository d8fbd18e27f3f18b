/** Reads what a FHIR request carries: a resource in JSON or XML, a patch, the form of a search, or a GraphQL request. */
import { parseBody } from '../fhir/body.ts';
import { graphqlParameters } from '../fhir/graphql/request.ts';
import type { Interaction } from '../fhir/interaction.ts';
import { queryIn } from '../fhir/query-text.ts';
import type { Takes } from '../fhir/request-table.ts';
import type { XmlFormat } from '../fhir/xml/format.ts';
import { malformed, notSupported } from '../outcome/outcome.ts';
import type { Context } from './exchange.ts';
import { formatOfBody, readMediaType } from './media-type.ts';
import { readText } from './request-body.ts';

type Carried = Pick<Interaction, 'body' | 'patch' | 'query'>;

const unsupported = (ctx: Context, instead: string): Error =>
  notSupported(
    415,
    `the body's media type is ${ctx.get('content-type').slice(0, 100) || 'not given'}; send ${instead}`,
  );

const resourceIn = async (ctx: Context, xml: XmlFormat, limit: number): Promise<Carried> => {
  const format = formatOfBody(ctx.get('content-type'));
  if (!format) throw unsupported(ctx, 'application/fhir+json or application/fhir+xml');
  const text = await readText(ctx.req, limit);
  return { body: parseBody(format === 'xml' ? xml.fromXml(text) : text) };
};

const jsonPatch = 'application/json-patch+json';

const patchIn = async (ctx: Context, xml: XmlFormat, limit: number): Promise<Carried> => {
  if (readMediaType(ctx.get('content-type')).name === jsonPatch) {
    const text = await readText(ctx.req, limit);
    return { patch: { kind: 'json', text } };
  }
  if (!formatOfBody(ctx.get('content-type')))
    throw unsupported(ctx, `${jsonPatch}, or Parameters as application/fhir+json or +xml`);
  const { body } = await resourceIn(ctx, xml, limit);
  if (body?.resource.resourceType !== 'Parameters') throw malformed('a FHIRPath patch is a Parameters resource');
  return { patch: { kind: 'fhirpath', parameters: body } };
};

/** Parameters of the form and of the address count alike. */
const formIn = async (ctx: Context, limit: number): Promise<Carried> => {
  const query = queryIn(ctx.querystring);
  const type = readMediaType(ctx.get('content-type')).name;
  const text = await readText(ctx.req, limit);
  if (text !== '' && type !== 'application/x-www-form-urlencoded')
    throw unsupported(ctx, 'application/x-www-form-urlencoded');
  for (const [name, value] of queryIn(text)) query.append(name, value);
  return { query };
};

/** Whatever way it comes, it is the parameters that GET has in its address. */
const graphqlIn = async (ctx: Context, limit: number): Promise<Carried> => {
  if (ctx.method !== 'POST') return {};
  const { name } = readMediaType(ctx.get('content-type'));
  const parameters = graphqlParameters(name, await readText(ctx.req, limit));
  if (!parameters) throw unsupported(ctx, 'application/json or application/graphql');
  const query = new URLSearchParams(ctx.URL.searchParams);
  for (const [key, value] of parameters) query.set(key, value);
  return { query };
};

export const readCarried = (ctx: Context, takes: Takes, xml: XmlFormat, limit: number): Promise<Carried> => {
  if (takes === 'resource') return resourceIn(ctx, xml, limit);
  if (takes === 'patch') return patchIn(ctx, xml, limit);
  if (takes === 'graphql') return graphqlIn(ctx, limit);
  return takes === 'form' ? formIn(ctx, limit) : Promise.resolve({});
};
