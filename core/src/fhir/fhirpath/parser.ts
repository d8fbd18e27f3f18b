/** Parses a FHIRPath expression by the precedences of N1; refuses, with the column, what the grammar does not allow. */
import { syntaxFault } from './faults.ts';
import { tokens, type Token } from './lexer.ts';
import type { BinaryOperator, Literal, Syntax, TypeName } from './syntax.ts';

/** How strongly an operator binds its operands. */
const strengths: Readonly<Record<BinaryOperator | 'is' | 'as', number>> = {
  implies: 1,
  or: 2,
  xor: 2,
  and: 3,
  in: 4,
  contains: 4,
  '=': 5,
  '~': 5,
  '!=': 5,
  '!~': 5,
  '<': 6,
  '>': 6,
  '<=': 6,
  '>=': 6,
  '|': 7,
  is: 8,
  as: 8,
  '+': 9,
  '-': 9,
  '&': 9,
  '*': 10,
  '/': 10,
  div: 10,
  mod: 10,
};
const ofSign = 11;
const deepest = 150;
/** Operators and steps of one expression: each is a level of the tree, and evaluating goes as deep. */
const mostLinks = 1_500;

const reserved = new Set(['and', 'or', 'xor', 'implies', 'div', 'mod', 'true', 'false', '$this', '$index', '$total']);
const calendarUnit = /^(year|month|week|day|hour|minute|second|millisecond)s?$/;

interface Reader {
  readonly all: readonly Token[];
  next: number;
  depth: number;
  links: number;
}

const peek = ({ all, next }: Reader, ahead = 0): Token => all[Math.min(next + ahead, all.length - 1)] as Token;

const take = (reader: Reader): Token => {
  const token = peek(reader);
  reader.next++;
  return token;
};

const isSymbol = (token: Token, text: string): boolean => token.kind === 'symbol' && token.text === text;

const link = (reader: Reader): void => {
  if (++reader.links > mostLinks)
    throw syntaxFault(peek(reader).column, `an expression has at most ${mostLinks} operators and steps`);
};

const told = (token: Token): string => (token.kind === 'end' ? 'the expression ends here' : 'this does not fit here');

const takeSymbol = (reader: Reader, text: string, why: string): Token => {
  const token = take(reader);
  if (isSymbol(token, text)) return token;
  throw syntaxFault(token.column, `${told(token)}: ${why}`);
};

const isName = ({ kind, text }: Token): boolean => kind === 'delimited' || (kind === 'name' && !reserved.has(text));

const takeName = (reader: Reader): Token => {
  const token = take(reader);
  if (isName(token)) return token;
  throw syntaxFault(token.column, `${told(token)}: a name is wanted; one that is also a keyword stands in backticks`);
};

const typeName = (reader: Reader): TypeName => {
  const first = takeName(reader).text;
  if (!isSymbol(peek(reader), '.') || (first !== 'FHIR' && first !== 'System'))
    return { space: undefined, name: first };
  take(reader);
  return { space: first, name: takeName(reader).text };
};

/** What stands between the brackets, up to the closing one. */
const callArguments = (reader: Reader): Syntax[] => {
  takeSymbol(reader, '(', 'a ( is wanted');
  const found: Syntax[] = [];
  if (!isSymbol(peek(reader), ')')) {
    found.push(expression(reader, 0));
    while (isSymbol(peek(reader), ',')) {
      take(reader);
      found.push(expression(reader, 0));
    }
  }
  takeSymbol(reader, ')', 'a ) is wanted');
  return found;
};

const invocation = (reader: Reader, on: Syntax | undefined): Syntax => {
  const { text } = peek(reader);
  if (peek(reader).kind === 'name' && (text === '$this' || text === '$index' || text === '$total')) {
    take(reader);
    return { kind: 'special', name: text };
  }
  const { text: name, column } = takeName(reader);
  return isSymbol(peek(reader), '(')
    ? { kind: 'call', on, name, arguments: callArguments(reader), column }
    : { kind: 'member', on, name, column };
};

const numberLiteral = (reader: Reader, { text, column }: Token): Literal => {
  const after = peek(reader);
  const calendar = after.kind === 'name' ? calendarUnit.exec(after.text)?.[1] : undefined;
  if (calendar === undefined && after.kind !== 'string') return { kind: 'literal', type: 'number', text, column };
  take(reader);
  const unit = calendar ?? after.text;
  return { kind: 'literal', type: 'quantity', text, unit, calendar: calendar !== undefined, column };
};

const variable = (reader: Reader): Syntax => {
  const token = take(reader);
  if (token.kind === 'string' || isName(token)) return { kind: 'variable', name: token.text, column: token.column };
  throw syntaxFault(token.column, `${told(token)}: the name of a variable is wanted after %`);
};

const symbolTerm = (reader: Reader, token: Token): Syntax => {
  if (token.text === '(') {
    const inner = expression(reader, 0);
    takeSymbol(reader, ')', 'a ) is wanted');
    return inner;
  }
  if (token.text === '{') {
    takeSymbol(reader, '}', 'only {} stands for the empty collection');
    return { kind: 'empty' };
  }
  if (token.text === '%') return variable(reader);
  if (token.text === '+' || token.text === '-')
    return { kind: 'sign', negative: token.text === '-', operand: expression(reader, ofSign), column: token.column };
  throw syntaxFault(token.column, 'this does not fit here: a value, a name or a bracket is wanted');
};

const term = (reader: Reader): Syntax => {
  const token = peek(reader);
  const { kind, text, column } = token;
  if (kind === 'name' && (text === 'true' || text === 'false')) {
    take(reader);
    return { kind: 'literal', type: 'boolean', text, column };
  }
  if (kind === 'name' || kind === 'delimited') return invocation(reader, undefined);
  take(reader);
  if (kind === 'number') return numberLiteral(reader, token);
  if (kind === 'symbol') return symbolTerm(reader, token);
  if (kind !== 'end') return { kind: 'literal', type: kind, text, column };
  throw syntaxFault(column, 'the expression ends here: a value, a name or a bracket is wanted');
};

const postfixed = (reader: Reader): Syntax => {
  let on = term(reader);
  for (; ; link(reader)) {
    const { column } = peek(reader);
    if (isSymbol(peek(reader), '.')) {
      take(reader);
      on = invocation(reader, on);
    } else if (isSymbol(peek(reader), '[')) {
      take(reader);
      on = { kind: 'index', on, index: expression(reader, 0), column };
      takeSymbol(reader, ']', 'a ] is wanted');
    } else return on;
  }
};

const operatorAt = (reader: Reader): BinaryOperator | 'is' | 'as' | undefined => {
  const { kind, text } = peek(reader);
  const isOperator = (kind === 'name' || kind === 'symbol') && Object.hasOwn(strengths, text);
  return isOperator ? (text as BinaryOperator | 'is' | 'as') : undefined;
};

const withOperator = (reader: Reader, left: Syntax, operator: BinaryOperator | 'is' | 'as'): Syntax => {
  const { column } = take(reader);
  link(reader);
  if (operator === 'is' || operator === 'as')
    return { kind: 'type', operator, on: left, type: typeName(reader), column };
  return { kind: 'binary', operator, left, right: expression(reader, strengths[operator]), column };
};

/** What binds more strongly than `strength`; operators of one strength are taken from left to right. */
const expression = (reader: Reader, strength: number): Syntax => {
  if (++reader.depth > deepest) throw syntaxFault(peek(reader).column, 'the expression nests too deeply');
  let left = postfixed(reader);
  for (let operator = operatorAt(reader); operator && strengths[operator] > strength; operator = operatorAt(reader))
    left = withOperator(reader, left, operator);
  reader.depth--;
  return left;
};

export const parse = (text: string): Syntax => {
  const reader: Reader = { all: tokens(text), next: 0, depth: 0, links: 0 };
  const whole = expression(reader, 0);
  const rest = peek(reader);
  if (rest.kind === 'end') return whole;
  throw syntaxFault(rest.column, 'the expression could end before this: an operator is wanted');
};

const nameOf = (syntax: Syntax): string | undefined =>
  syntax.kind === 'member' && syntax.on === undefined ? syntax.name : undefined;

/** The type that an argument of is(), as() or ofType() names. */
export const typeArgument = (syntax: Syntax | undefined): TypeName | undefined => {
  if (syntax?.kind !== 'member') return undefined;
  if (syntax.on === undefined) return { space: undefined, name: syntax.name };
  const space = nameOf(syntax.on);
  return space === 'FHIR' || space === 'System' ? { space, name: syntax.name } : undefined;
};
