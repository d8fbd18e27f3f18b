/** The functions that FHIR R4 adds to FHIRPath, and those on time and tracing; what the caller does not lend is refused or empty. */
import { isMembers } from '../../members.ts';
import { referencedType } from '../../reference-type.ts';
import { evaluationFault, unsupported, type Column } from '../faults.ts';
import { booleanItem, momentItem, none, rootItem, stringItem, textOf, type Item, type Items } from '../item.ts';
import { looksLike } from '../loose-model.ts';
import { momentOf, momentText, parseDate, parseTime, type Moment } from '../moment.ts';
import { addChildren } from '../navigate.ts';
import { argument, spend, type Builtins, type Code, type Run, type Step } from '../run.ts';
import { oneOf, stringOf } from '../singles.ts';
import { isSystem, systemItem } from '../system.ts';

const plainly = (step: Step) => ({ least: 0, most: 0, make: () => step });

const extensionsOf = (run: Run, input: Items): Items => {
  const found: Item[] = [];
  for (const item of input) {
    const member = run.model.member(item.type, 'extension');
    if (member) addChildren(found, item, member);
  }
  spend(run, 1 + found.length);
  return found;
};

const extension =
  (args: readonly Code[], column: Column): Step =>
  (run, input) => {
    const url = stringOf(argument(args, 0)(run), column);
    if (url === undefined) return none;
    return extensionsOf(run, input).filter(({ value }) => isMembers(value) && value['url'] === url);
  };

const referenceOf = ({ type, value }: Item): string | undefined => {
  if (type === 'Reference' || isMembers(value)) {
    const reference = isMembers(value) ? value['reference'] : undefined;
    return typeof reference === 'string' ? reference : undefined;
  }
  return typeof value === 'string' ? value : undefined;
};

const resourceItem = (value: unknown): Item | undefined =>
  isMembers(value)
    ? rootItem(typeof value['resourceType'] === 'string' ? value['resourceType'] : looksLike(value), value)
    : undefined;

const containedAs = (run: Run, reference: string): Item | undefined => {
  const holder = run.resource.value;
  if (!isMembers(holder)) return undefined;
  if (reference === '#') return run.resource;
  const contained: readonly unknown[] = Array.isArray(holder['contained']) ? holder['contained'] : [];
  return resourceItem(contained.find((resource) => isMembers(resource) && `#${String(resource['id'])}` === reference));
};

/** Of a resource that is not at hand, its type at least: `resolve() is Patient` needs no more. */
const typeOnly = (run: Run, item: Item, reference: string): Item | undefined => {
  const named = referencedType(reference);
  if (named !== undefined && run.model.has(named)) return rootItem(named, undefined);
  const written = isMembers(item.value) ? item.value['type'] : undefined;
  return typeof written === 'string' && run.model.has(written) ? rootItem(written, undefined) : undefined;
};

export const resolved = (run: Run, item: Item): Item | undefined => {
  const reference = referenceOf(item);
  if (reference === undefined) return typeOnly(run, item, '');
  if (reference.startsWith('#')) return containedAs(run, reference);
  return resourceItem(run.lent.resolve?.(reference)) ?? typeOnly(run, item, reference);
};

const lentTruth = (name: 'memberOf' | 'conformsTo', args: readonly Code[], column: Column): Step => {
  return (run, input) => {
    const ask = run.lent[name];
    if (!ask) throw unsupported(column, `${name}()`);
    const item = oneOf(input, column);
    const url = stringOf(argument(args, 0)(run), column);
    const answer = item && url !== undefined ? ask(item, url) : undefined;
    return answer === undefined ? none : [booleanItem(answer)];
  };
};

const nowOf = (run: Run, column: Column): Moment => {
  const now = run.now === undefined ? undefined : momentOf(run.now);
  if (now) return now;
  throw evaluationFault(column, 'this evaluation was given no time: pass `now`');
};

const atNow = (read: (now: Moment) => Moment | undefined) => ({
  least: 0,
  most: 0,
  make:
    (_: readonly Code[], column: Column): Step =>
    (run: Run) => {
      const moment = read(nowOf(run, column));
      return moment ? [momentItem(moment)] : none;
    },
});

const trace =
  (args: readonly Code[], column: Column): Step =>
  (run, input) => {
    const name = stringOf(argument(args, 0)(run), column) ?? '';
    const { trace: tell } = run.lent;
    if (!tell) return input;
    const [, projection] = args;
    if (!projection) tell(name, input);
    for (const item of projection ? input : none) {
      const { self } = run;
      run.self = [item];
      tell(name, projection?.(run) ?? none);
      run.self = self;
    }
    return input;
  };

const hasValue = (item: Item): boolean =>
  item.value !== undefined &&
  isSystem(systemItem(item)) &&
  textOf(systemItem(item)) !== undefined &&
  !isMembers(item.value);

/** Minimal: that a narrative is one div and carries nothing that runs. */
const isTame = (item: Item): boolean =>
  typeof item.value === 'string' &&
  /^\s*<div[\s>]/.test(item.value) &&
  !/<(?:script|object|iframe|embed|form|link|style|base)\b|\son\w+\s*=|javascript:/i.test(item.value);

const typeInfo = (run: Run, { type }: Item): Item => {
  const system = type.startsWith('System.');
  const value = {
    namespace: system ? 'System' : 'FHIR',
    name: system ? type.slice(7) : type,
    baseType: system ? 'System.Any' : `FHIR.${run.model.baseOf(type) ?? 'Any'}`,
  };
  return rootItem('System.TypeInfo', value);
};

/** The parts of what type() answers. */
export const typeInfoMember = (item: Item, name: string): Items => {
  const found = isMembers(item.value) && Object.hasOwn(item.value, name) ? item.value[name] : undefined;
  return typeof found === 'string' ? [stringItem(found)] : none;
};

export const fhir: Builtins = {
  extension: { least: 1, most: 1, make: extension },
  resolve: plainly((run, input) => {
    spend(run, input.length);
    return input.flatMap((item) => resolved(run, item) ?? []);
  }),
  hasValue: plainly((_, input) => [booleanItem(input.length === 1 && input.every(hasValue))]),
  getValue: plainly((_, input) => (input.length === 1 ? input.filter(hasValue).map(systemItem) : none)),
  memberOf: { least: 1, most: 1, make: (args, column) => lentTruth('memberOf', args, column) },
  conformsTo: { least: 1, most: 1, make: (args, column) => lentTruth('conformsTo', args, column) },
  htmlChecks: plainly((_, input) => (input.length === 0 ? none : [booleanItem(input.every(isTame))])),
  type: plainly((run, input) => input.map((item) => typeInfo(run, item))),
  trace: { least: 1, most: 2, make: trace },
  now: atNow((now) => now),
  today: atNow((now) => parseDate(momentText(now).slice(0, 10))),
  timeOfDay: atNow((now) =>
    parseTime(
      momentText(now)
        .slice(11)
        .replace(/(?:Z|[+-]\d\d:\d\d)$/, ''),
    ),
  ),
};
