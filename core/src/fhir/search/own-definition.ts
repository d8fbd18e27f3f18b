/** Reads a SearchParameter resource as a parameter that can be searched by here; says which of its elements stands in the way. */
import { invalid, Outcome, unprocessable } from '../../outcome/outcome.ts';
import type { Resource } from '../body.ts';
import type { Model } from '../fhirpath/model.ts';
import { isResourceType } from '../resource-types.ts';
import type { SearchParameter } from '../search-parameter.ts';
import { extractorFor } from './extract.ts';
import { leadsNowhere } from './found-types.ts';

const kinds = ['number', 'date', 'string', 'token', 'reference', 'quantity', 'uri'] as const;

const isKind = (kind: string): kind is (typeof kinds)[number] => kinds.some((each) => each === kind);

const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

const textIn = (resource: Resource, name: string): string => {
  const value = resource[name];
  return typeof value === 'string' ? value : '';
};

const refused = (element: string, diagnostics: string): Outcome => invalid(`SearchParameter.${element}`, diagnostics);

/** A name that needs no brackets, and that no modifier, chain or parameter of every type can be taken for. */
const codeForm = /^[A-Za-z][A-Za-z\d-]{0,63}$/;

/** Expressions are compiled again by every process, and evaluated on every resource of their types. */
const longestExpression = 2_000;

const checkExpression = (model: Model, parameter: SearchParameter): void => {
  const { expression = '', base } = parameter;
  if (expression === '') throw refused('expression', 'without an expression nothing is found');
  if (expression.length > longestExpression)
    throw refused('expression', `an expression has at most ${longestExpression} characters`);
  const concrete = base.flatMap((type) => (isResourceType(type) ? [type] : ['Patient']));
  try {
    for (const type of concrete) extractorFor(type, [parameter], model)({ resourceType: type });
  } catch (thrown) {
    if (!(thrown instanceof Outcome)) throw thrown;
    throw refused('expression', thrown.message);
  }
  if (leadsNowhere(model, concrete, expression))
    throw unprocessable(
      'SearchParameter.expression',
      `${expression.slice(0, 400)} would find nothing: ${base.join(', ')} has no such element`,
    );
};

/** Undefined where the resource says that it is not in use: only active ones are. */
export const ownDefinition = (model: Model, resource: Resource): SearchParameter | undefined => {
  if (resource['status'] !== 'active') return undefined;
  const [code, kind, expression] = [textIn(resource, 'code'), textIn(resource, 'type'), textIn(resource, 'expression')];
  const [base, target] = [textsIn(resource['base']), textsIn(resource['target'])];
  if (!codeForm.test(code)) throw refused('code', 'the code is 1 to 64 letters, digits and hyphens, a letter first');
  if (!isKind(kind))
    throw refused('type', `parameters of type ${kind} cannot be made at run time: one of ${kinds.join(', ')}`);
  const parameter = {
    ...{ url: textIn(resource, 'url'), code, type: kind, base, expression },
    ...(target.length > 0 ? { target } : {}),
  };
  checkExpression(model, parameter);
  return parameter;
};
