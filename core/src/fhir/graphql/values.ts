/** Reads the arguments of fields and directives as texts, whatever kind of literal or variable they were written as; refuses objects. */
import { Kind, type ArgumentNode, type ConstDirectiveNode, type DirectiveNode, type ValueNode } from 'graphql';
import { invalid } from '../../outcome/outcome.ts';
import { isWrittenNumber } from '../written-number.ts';

/** By name; an argument that is null or whose variable has no value is not given. */
export type Arguments = ReadonlyMap<string, readonly string[]>;

export type Variables = Readonly<Record<string, unknown>>;

/** A primitive of JSON as a search or a filter has it. */
export const primitiveText = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return isWrittenNumber(value) ? value.rawJSON : undefined;
};

const ofVariable = (name: string, value: unknown): readonly string[] => {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((each: unknown) => ofVariable(name, each));
  const text = primitiveText(value);
  if (text === undefined)
    throw invalid(name, `${name} is a text, a number, a boolean or a list of such, and no object`);
  return [text];
};

const valueOf = (variables: Variables, name: string): unknown =>
  Object.hasOwn(variables, name) ? variables[name] : undefined;

const texts = (name: string, value: ValueNode, variables: Variables): readonly string[] => {
  switch (value.kind) {
    case Kind.VARIABLE:
      return ofVariable(name, valueOf(variables, value.name.value));
    case Kind.LIST:
      return value.values.flatMap((each) => texts(name, each, variables));
    case Kind.NULL:
      return [];
    case Kind.OBJECT:
      return ofVariable(name, {});
    case Kind.BOOLEAN:
      return [String(value.value)];
    // R4 graphql.html writes `use: official` and `id: example`, without quotation marks.
    case Kind.ENUM:
    case Kind.STRING:
    case Kind.INT:
    case Kind.FLOAT:
      return [value.value];
  }
};

export const readArguments = (nodes: readonly ArgumentNode[], variables: Variables): Arguments =>
  new Map(
    nodes.flatMap(({ name, value }): [string, readonly string[]][] => {
      const read = texts(name.value, value, variables);
      return read.length === 0 ? [] : [[name.value, read]];
    }),
  );

export const directiveNamed = (
  directives: readonly (DirectiveNode | ConstDirectiveNode)[] = [],
  name: string,
): DirectiveNode | undefined => directives.find((directive) => directive.name.value === name);

const condition = (directive: DirectiveNode, variables: Variables): boolean => {
  const [text, ...more] = readArguments(directive.arguments ?? [], variables).get('if') ?? [];
  if (more.length > 0 || (text !== 'true' && text !== 'false'))
    throw invalid('if', `@${directive.name.value}(if:) is true or false`);
  return text === 'true';
};

/** By @skip and @include. */
export const isWanted = (directives: readonly DirectiveNode[] | undefined, variables: Variables): boolean => {
  const [skip, include] = [directiveNamed(directives, 'skip'), directiveNamed(directives, 'include')];
  if (skip && condition(skip, variables)) return false;
  return !include || condition(include, variables);
};

export const oneNumber = (given: Arguments, name: string): number | undefined => {
  const read = given.get(name);
  if (!read) return undefined;
  const [text = '', ...more] = read;
  if (more.length > 0 || !/^\d{1,9}$/.test(text)) throw invalid(name, `${name} is a whole number`);
  return Number(text);
};
