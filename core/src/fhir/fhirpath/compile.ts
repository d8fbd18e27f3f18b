/** Compiles the tree of an expression to closures; refuses functions and types that do not exist before anything runs. */
import { parseDecimal, wholeDecimal } from '../decimal.ts';
import { signed } from './arithmetic.ts';
import { evaluationFault, syntaxFault, unsupported, type Column } from './faults.ts';
import { collections, childStep, sortStep } from './functions/collections.ts';
import { conversion } from './functions/conversion.ts';
import { existence } from './functions/existence.ts';
import { fhir, typeInfoMember } from './functions/fhir.ts';
import { math } from './functions/math.ts';
import { strings } from './functions/strings.ts';
import {
  booleanItem,
  decimalItem,
  integerItem,
  momentItem,
  none,
  quantityItem,
  stringItem,
  type Item,
  type Items,
} from './item.ts';
import { binaryCode } from './logic.ts';
import type { Model } from './model.ts';
import { parseDate, parseDateTime, parseTime } from './moment.ts';
import { typeArgument } from './parser.ts';
import type { Builtins, Code, Step } from './run.ts';
import { integerOf, oneOf } from './singles.ts';
import type { Call, Literal, Member, Syntax } from './syntax.ts';
import { typeMatch, type TypeMatch } from './type-names.ts';

const builtins: Builtins = { ...existence, ...collections, ...conversion, ...strings, ...math, ...fhir };

/** R4 has them; nothing here can answer them. */
const notHere = new Set(['elementDefinition', 'slice', 'checkModifiers', 'subsumes', 'subsumedBy']);

const numberItem = (text: string, column: Column): Item => {
  if (!text.includes('.') && Number(text) <= 2147483647) return integerItem(Number(text));
  const value = parseDecimal(text);
  if (value) return decimalItem(value);
  throw syntaxFault(column, 'this number has too many digits');
};

const momentLiteral = (type: 'date' | 'dateTime' | 'time', text: string, column: Column): Item => {
  const parse = { date: parseDate, dateTime: parseDateTime, time: parseTime }[type];
  const moment = parse(text);
  if (moment) return momentItem(moment);
  throw syntaxFault(column, 'no calendar or clock has this date or time');
};

const literalItem = ({ type, text, unit = '1', calendar = false, column }: Literal): Item => {
  switch (type) {
    case 'boolean':
      return booleanItem(text === 'true');
    case 'string':
      return stringItem(text);
    case 'number':
      return numberItem(text, column);
    case 'quantity':
      return quantityItem({ value: parseDecimal(text) ?? wholeDecimal(0), unit, calendar });
    case 'date':
    case 'dateTime':
    case 'time':
      return momentLiteral(type, text, column);
  }
};

const self: Code = (run) => run.self;

const receiver = (model: Model, on: Syntax | undefined): Code => (on ? codeOf(model, on) : self);

const memberCode = (model: Model, { on, name }: Member): Code => {
  const step = childStep(name);
  if (on) {
    const input = codeOf(model, on);
    return (run) => {
      const items = input(run);
      return items[0]?.type === 'System.TypeInfo'
        ? items.flatMap((item) => typeInfoMember(item, name))
        : step(run, items);
    };
  }
  // N1: the first name of a path may be the type of what it starts from.
  if (!/^[A-Z]/.test(name) || !model.has(name)) return (run) => step(run, run.self);
  return (run) => run.self.filter(({ type }) => model.isA(type, name));
};

const isType =
  (input: Code, matches: TypeMatch, column: Column): Code =>
  (run) => {
    const item = oneOf(input(run), column);
    return item ? [booleanItem(matches(item.type))] : none;
  };

/** `as` filters lists too: search parameters written for earlier engines count on it. */
const ofType =
  (input: Code, matches: TypeMatch): Code =>
  (run) =>
    input(run).filter(({ type }) => matches(type));

const typeCall = (model: Model, { on, name, arguments: args, column }: Call): Code => {
  const named = args.length === 1 ? typeArgument(args[0]) : undefined;
  if (!named) throw syntaxFault(column, `${name}() takes the name of one type`);
  const matches = typeMatch(model, named, column);
  return name === 'is' ? isType(receiver(model, on), matches, column) : ofType(receiver(model, on), matches);
};

const sortCode = (model: Model, { arguments: args, column }: Call): Step =>
  sortStep(
    args.map((key) =>
      key.kind === 'sign' && key.negative
        ? { code: codeOf(model, key.operand), descending: true }
        : { code: codeOf(model, key), descending: false },
    ),
    column,
  );

const stepOf = (model: Model, call: Call): Step => {
  const { name, arguments: args, column } = call;
  if (name === 'sort') return sortCode(model, call);
  if (notHere.has(name)) throw unsupported(column, `${name}()`);
  const builtin = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
  if (!builtin) throw syntaxFault(column, `there is no function ${name.slice(0, 64)}()`);
  const { least, most, make } = builtin;
  if (args.length >= least && args.length <= most)
    return make(
      args.map((argument) => codeOf(model, argument)),
      column,
    );
  const wanted = least === most ? String(least) : `${least} to ${most}`;
  throw syntaxFault(
    column,
    `${name}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, and ${args.length} stand here`,
  );
};

const callCode = (model: Model, call: Call): Code => {
  if (call.name === 'is' || call.name === 'as' || call.name === 'ofType') return typeCall(model, call);
  const step = stepOf(model, call);
  const input = receiver(model, call.on);
  return (run) => step(run, input(run));
};

const fixed: Readonly<Record<string, string>> = {
  ucum: 'http://unitsofmeasure.org',
  sct: 'http://snomed.info/sct',
  loinc: 'http://loinc.org',
};

const prefixes: readonly (readonly [string, string])[] = [
  ['vs-', 'http://hl7.org/fhir/ValueSet/'],
  ['ext-', 'http://hl7.org/fhir/StructureDefinition/'],
];

const constant = (name: string): Items | undefined => {
  const text = Object.hasOwn(fixed, name) ? fixed[name] : undefined;
  if (text !== undefined) return [stringItem(text)];
  const prefix = prefixes.find(([start]) => name.startsWith(start));
  return prefix && [stringItem(prefix[1] + name.slice(prefix[0].length))];
};

const contexts: Readonly<Record<string, Code>> = {
  context: ({ context }) => [context],
  resource: ({ resource }) => [resource],
  rootResource: ({ rootResource }) => [rootResource],
};

const variableCode = (name: string, column: Column): Code => {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context) return context;
  const known = constant(name);
  return (run) => {
    const items = run.variables?.get(name) ?? known;
    if (items) return items;
    throw evaluationFault(column, `there is no variable %${name.slice(0, 64)}`);
  };
};

const indexCode = (model: Model, on: Syntax, index: Syntax, column: Column): Code => {
  const input = codeOf(model, on);
  const place = codeOf(model, index);
  return (run) => {
    const at = integerOf(place(run), column);
    const item = at === undefined ? undefined : input(run)[at];
    return item ? [item] : none;
  };
};

const specials: Readonly<Record<'$this' | '$index' | '$total', Code>> = {
  $this: self,
  $index: (run) => [integerItem(run.index)],
  $total: (run) => run.total,
};

export const codeOf = (model: Model, syntax: Syntax): Code => {
  switch (syntax.kind) {
    case 'empty':
      return () => none;
    case 'literal': {
      const items = [literalItem(syntax)];
      return () => items;
    }
    case 'variable':
      return variableCode(syntax.name, syntax.column);
    case 'special':
      return specials[syntax.name];
    case 'member':
      return memberCode(model, syntax);
    case 'call':
      return callCode(model, syntax);
    case 'index':
      return indexCode(model, syntax.on, syntax.index, syntax.column);
    case 'sign': {
      const operand = codeOf(model, syntax.operand);
      return (run) => signed(syntax.negative, operand(run), syntax.column);
    }
    case 'binary':
      return binaryCode(syntax.operator, codeOf(model, syntax.left), codeOf(model, syntax.right), syntax.column);
    case 'type': {
      const matches = typeMatch(model, syntax.type, syntax.column);
      const input = codeOf(model, syntax.on);
      return syntax.operator === 'is' ? isType(input, matches, syntax.column) : ofType(input, matches);
    }
  }
};
