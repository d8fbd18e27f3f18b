/** Resolves a type's name in an expression, FHIR's types before FHIRPath's own; refuses names that neither knows. */
import { syntaxFault, type Column } from './faults.ts';
import { looseModel } from './loose-model.ts';
import type { Model } from './model.ts';
import type { TypeName } from './syntax.ts';

export type TypeMatch = (type: string) => boolean;

const systemTypes = new Set(['Any', 'Boolean', 'String', 'Integer', 'Decimal', 'Date', 'DateTime', 'Time', 'Quantity']);

const isSystem = (type: string): boolean => type.startsWith('System.');

const ofSystem = (name: string): TypeMatch => (name === 'Any' ? isSystem : (type) => type === `System.${name}`);

/** Without definitions, `string` is what a string of JSON looks like. */
const ofLoose = (name: string): TypeMatch => {
  const own = `System.${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return (type) => type === name || type === own;
};

export const typeMatch = (model: Model, { space, name }: TypeName, column: Column): TypeMatch => {
  if (space === 'System') return ofSystem(name);
  if (model === looseModel) return ofLoose(name);
  const known = model.has(name);
  // A literal such as 4 'mg' is a Quantity too, though FHIR has one of that name.
  if (known && name === 'Quantity' && space === undefined)
    return (type) => type === 'System.Quantity' || model.isA(type, name);
  if (known || name === 'xhtml') return (type) => model.isA(type, name);
  if (space === undefined && systemTypes.has(name)) return ofSystem(name);
  throw syntaxFault(column, `there is no type of the name ${name.slice(0, 64)}`);
};
