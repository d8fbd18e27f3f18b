/** Answers a GraphQL query over the whole server or one resource; refuses what writes and what would have no end. */
import { getVariableValues, Kind, OperationTypeNode, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import { answerData, answerRefused, faultIn, overLimit, refused, type Refused } from '../../fhir/graphql/answer.ts';
import { fragmentsOf, longestText, readDocument } from '../../fhir/graphql/document.ts';
import { fillFetched, grow, resourceSource } from '../../fhir/graphql/grow.ts';
import { introspection } from '../../fhir/graphql/introspection.ts';
import { openMeter } from '../../fhir/graphql/meter.ts';
import { openNarrowing } from '../../fhir/graphql/narrow.ts';
import { openPlan } from '../../fhir/graphql/plan.ts';
import { readVariables } from '../../fhir/graphql/request.ts';
import { openRules } from '../../fhir/graphql/rules.ts';
import { openSchemas } from '../../fhir/graphql/schema.ts';
import {
  blame,
  guarded,
  queryType,
  type Branch,
  type Growth,
  type Source,
  type Want,
} from '../../fhir/graphql/tree.ts';
import type { Variables } from '../../fhir/graphql/values.ts';
import { dataOf } from '../../fhir/graphql/write.ts';
import type { Model } from '../../fhir/fhirpath/model.ts';
import type { Interaction, Plain } from '../../fhir/interaction.ts';
import type { OperationMeans } from '../../interaction/operation-kind.ts';
import { invalid, malformed, Outcome } from '../../outcome/outcome.ts';
import { answerWant, type Wanting } from './answer-wants.ts';
import { openFetch } from './fetch.ts';

type Opened = ReturnType<typeof open>;

const open = ({ model, searchable }: OperationMeans) => {
  const schemas = openSchemas(model, searchable);
  return { schemas, check: openRules(schemas) };
};

/** Made when GraphQL is first asked: it takes a fifth of a second and some 25 MB. */
const opened = new WeakMap<Model, Opened>();

const openedFor = (means: OperationMeans): Opened => {
  const found = opened.get(means.model) ?? open(means);
  opened.set(means.model, found);
  return found;
};

interface Ready {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Variables;
}

const chosen = (document: DocumentNode, name: string | null): OperationDefinitionNode | Refused => {
  const all = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  const named = name === null || name === '' ? all : all.filter((each) => each.name?.value === name);
  const [operation, ...more] = named;
  if (!operation) return refused(invalid('operationName', 'the query has no operation of this name'));
  if (more.length > 0) return refused(invalid('operationName', 'the query has several operations: name one of them'));
  if (operation.operation === OperationTypeNode.QUERY) return operation;
  const diagnostics = `GraphQL only reads here: there is no ${operation.operation}; write by FHIR's REST`;
  return refused(new Outcome(400, [{ severity: 'error', code: 'not-supported', diagnostics }]), operation);
};

const readied = ({ schemas, check }: Opened, type: string | undefined, asked: URLSearchParams): Ready | Refused => {
  const [query, given] = [asked.get('query') ?? '', asked.get('variables')];
  if (query.trim() === '') return refused(malformed('there is no query'));
  if ((given?.length ?? 0) > longestText)
    return refused(overLimit(`the variables are longer than ${longestText} characters`));
  const document = readDocument(query);
  if ('faults' in document) return document;
  const operation = chosen(document, asked.get('operationName'));
  if ('faults' in operation) return operation;
  const schema = schemas.at(type);
  const wrong = check(schema, document);
  if (wrong) return wrong;
  const read = getVariableValues(schema, operation.variableDefinitions ?? [], readVariables(given), {
    maxErrors: 10,
    hideSuggestions: true,
  });
  if (read.errors) return { faults: read.errors.map(faultIn) };
  return { document, operation, variables: read.variableValues.coerced };
};

const settle = (growth: Growth, { twig }: Want, found: readonly Source[] | Outcome): void => {
  if (!(found instanceof Outcome))
    return guarded(growth, twig, () => {
      if (found.length > 0 || twig.many) fillFetched(growth, twig, found);
    });
  // R4 graphql.html#references.
  const isOptional = twig.planned.given.get('optional')?.[0] === 'true';
  if (!isOptional) blame(growth, twig, found);
};

/** What is wanted at one level is fetched together, and grown in the order of the query. */
const growWhole = async (wanting: Wanting): Promise<void> => {
  const { growth } = wanting;
  for (let wants = growth.wants.splice(0); wants.length > 0; wants = growth.wants.splice(0)) {
    const found = await Promise.all(
      wants.map((want) =>
        answerWant(wanting, want).catch((thrown: unknown) => {
          if (!(thrown instanceof Outcome) || growth.meter.over()) throw thrown;
          return thrown;
        }),
      ),
    );
    for (const [place, want] of wants.entries()) settle(growth, want, found[place] ?? []);
  }
};

export const answerQuery = async (interaction: Interaction, means: OperationMeans): Promise<Plain> => {
  const { type, id, query: asked = new URLSearchParams() } = interaction;
  const { model, searchable, perform, publicUrl, now, stopwatch } = means;
  const ready = openedFor(means);
  const read = readied(ready, type, asked);
  if ('faults' in read) return answerRefused(read);
  const { document, operation, variables } = read;
  const { elements, at } = ready.schemas;
  const meter = openMeter(stopwatch);
  const fetch = openFetch(perform, interaction, meter);
  const growth: Growth = {
    ...{ elements, meter, faults: [], wants: [] },
    plan: openPlan(fragmentsOf(document), variables),
    narrowing: openNarrowing({ model, elements, meter, now }),
    introspect: introspection(at(type), document, operation, variables),
  };
  const root =
    type === undefined || id === undefined
      ? resourceSource(queryType, {})
      : resourceSource(type, await fetch.read({ type, id }));
  const branch: Branch = { twigs: [] };
  grow(growth, branch, root, [operation.selectionSet], []);
  await growWhole({ fetch, growth, searchable, base: `${publicUrl}/fhir` });
  return answerData(JSON.stringify(dataOf(growth, branch)), growth.faults);
};
