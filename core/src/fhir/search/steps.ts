/** Reads from the tree of a search parameter's expression the plain steps that most of them are; leaves others to the engine. */
import type { Model } from '../fhirpath/model.ts';
import { typeArgument } from '../fhirpath/parser.ts';
import type { Call, Syntax, TypeName } from '../fhirpath/syntax.ts';

export type PathStep =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'ofType'; readonly type: string }
  /** `where(resolve() is Patient)` */
  | { readonly kind: 'refersTo'; readonly type: string }
  /** `where(system = 'phone')` */
  | { readonly kind: 'equals'; readonly name: string; readonly text: string };

/** The arms of a union. */
export const armsOf = (syntax: Syntax): Syntax[] =>
  syntax.kind === 'binary' && syntax.operator === '|' ? [...armsOf(syntax.left), ...armsOf(syntax.right)] : [syntax];

/** The first name of an arm, where it stands for the type of the resource. */
export const rootType = (model: Model, syntax: Syntax): string | undefined => {
  switch (syntax.kind) {
    case 'member':
      if (syntax.on) return rootType(model, syntax.on);
      return /^[A-Z]/.test(syntax.name) && model.has(syntax.name) ? syntax.name : undefined;
    case 'call':
    case 'type':
    case 'index':
      return syntax.on && rootType(model, syntax.on);
    case 'binary':
    case 'empty':
    case 'literal':
    case 'sign':
    case 'special':
    case 'variable':
      return undefined;
  }
};

const plainType = (name: TypeName | undefined): string | undefined =>
  name === undefined || name.space === 'System' ? undefined : name.name;

const isBareCall = (syntax: Syntax, name: string): boolean =>
  syntax.kind === 'call' && syntax.on === undefined && syntax.name === name && syntax.arguments.length === 0;

const criterion = (syntax: Syntax | undefined): PathStep | undefined => {
  if (syntax?.kind === 'type' && syntax.operator === 'is' && isBareCall(syntax.on, 'resolve')) {
    const type = plainType(syntax.type);
    return type === undefined ? undefined : { kind: 'refersTo', type };
  }
  if (syntax?.kind !== 'binary' || syntax.operator !== '=') return undefined;
  const { left, right } = syntax;
  if (left.kind !== 'member' || left.on || right.kind !== 'literal' || right.type !== 'string') return undefined;
  return { kind: 'equals', name: left.name, text: right.text };
};

const callStep = ({ name, arguments: args }: Call): PathStep | undefined => {
  if (args.length !== 1) return undefined;
  if (name === 'where') return criterion(args[0]);
  const type = name === 'ofType' || name === 'as' ? plainType(typeArgument(args[0])) : undefined;
  return type === undefined ? undefined : { kind: 'ofType', type };
};

const lastStep = (syntax: Syntax): PathStep | undefined => {
  if (syntax.kind === 'member') return { kind: 'member', name: syntax.name };
  if (syntax.kind === 'call') return callStep(syntax);
  const type = syntax.kind === 'type' && syntax.operator === 'as' ? plainType(syntax.type) : undefined;
  return type === undefined ? undefined : { kind: 'ofType', type };
};

/** Undefined when any step is more than plain. */
export const stepsOf = (model: Model, syntax: Syntax): PathStep[] | undefined => {
  if (syntax.kind === 'member' && syntax.on === undefined && rootType(model, syntax) !== undefined) return [];
  const step = lastStep(syntax);
  const on = syntax.kind === 'member' || syntax.kind === 'call' || syntax.kind === 'type' ? syntax.on : undefined;
  if (!step) return undefined;
  if (!on) return step.kind === 'member' ? [step] : undefined;
  const before = stepsOf(model, on);
  return before && [...before, step];
};
