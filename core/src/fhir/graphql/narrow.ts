/** Narrows a list by the arguments of its field: FHIRPath, values of primitives below, offset and count; refuses names that the type has not. */
import { compile, compileSyntax, type Evaluation, type Expression } from '../fhirpath/expression.ts';
import { rootItem, textOf, type Item } from '../fhirpath/item.ts';
import type { Model } from '../fhirpath/model.ts';
import { parse } from '../fhirpath/parser.ts';
import { systemItem } from '../fhirpath/system.ts';
import { invalid } from '../../outcome/outcome.ts';
import { isMembers, type Members } from '../members.ts';
import type { Elements } from './elements.ts';
import type { Meter } from './meter.ts';
import type { Planned } from './plan.ts';
import { oneNumber, primitiveText } from './values.ts';

/** The resource that an element is in, and the one that holds that: itself, unless it is contained. */
export interface Holder {
  readonly type: string;
  readonly resource: Members;
  readonly container: Members;
}

export interface Narrowing {
  readonly list: (items: readonly Item[], planned: Planned, holder: Holder) => readonly Item[];
  /** Whether a resource is one of those that `fhirpath` wants. */
  readonly holds: (planned: Planned, holder: Holder) => boolean;
  /** What @slice writes behind the names of an item. */
  readonly suffix: (item: Item, place: number, path: string, holder: Holder) => string;
}

export interface NarrowingNeeds {
  readonly model: Model;
  readonly elements: Elements;
  readonly meter: Meter;
  readonly now: () => number;
}

/** Of one evaluation: a tenth of what a search parameter may take, because there may be thousands. */
const steps = 100_000;

const one = ([text = '', ...more]: readonly string[]): string => {
  if (more.length > 0) throw invalid('fhirpath', 'fhirpath is one expression');
  return text;
};

const valuesIn = (members: Members, key: string): readonly unknown[] => {
  const value = members[key];
  return Array.isArray(value) ? (value as unknown[]) : [value];
};

export const openNarrowing = ({ model, elements, meter, now }: NarrowingNeeds): Narrowing => {
  const compiled = new Map<string, Expression>();
  const known = (key: string, make: () => Expression): Expression => {
    const expression = compiled.get(key) ?? make();
    compiled.set(key, expression);
    return expression;
  };
  /** One evaluation for the whole list, in which $index is the place in it. */
  const where = (text: string): Expression =>
    known(`where ${text}`, () => {
      const items = { kind: 'variable', name: 'items', column: 1 } as const;
      return compileSyntax(
        { kind: 'call', on: items, name: 'where', arguments: [parse(text)], column: 1 },
        text,
        model,
      );
    });
  const plain = (text: string): Expression => known(`plain ${text}`, () => compile(text, model));

  const standing = ({ type, resource, container }: Holder): Evaluation & { readonly resource: Item } => {
    const [own, outer] = [rootItem(type, resource), rootItem(String(container['resourceType']), container)];
    return { resource: own, rootResource: outer, now: now(), steps };
  };

  const byPath = (items: readonly Item[], text: string, holder: Holder): readonly Item[] => {
    const evaluation = standing(holder);
    return meter.timed(() => where(text).evaluateOn(evaluation.resource, { ...evaluation, environment: { items } }));
  };

  const byValue = (items: readonly Item[], name: string, wanted: readonly string[]): readonly Item[] =>
    items.filter(({ type, value }) => {
      if (!elements(type).get(name)?.primitive)
        throw invalid(name, `${type} has no primitive element ${name} to be chosen by`);
      meter.spend(1);
      const texts = isMembers(value) ? valuesIn(value, name).map(primitiveText) : [];
      return texts.some((text) => text !== undefined && wanted.includes(text));
    });

  return {
    list: (items, { given, shape }, holder) => {
      let chosen = items;
      for (const [name, texts] of given) {
        if (name === '_offset' || name === '_count') continue;
        chosen = name === 'fhirpath' ? byPath(chosen, one(texts), holder) : byValue(chosen, name, texts);
      }
      const from = oneNumber(given, '_offset') ?? 0;
      const count = shape.first ? 1 : (oneNumber(given, '_count') ?? chosen.length);
      return from === 0 && count >= chosen.length ? chosen : chosen.slice(from, from + count);
    },
    holds: ({ given }, holder) => {
      const texts = given.get('fhirpath');
      if (!texts) return true;
      return meter.timed(() => plain(one(texts)).holds(holder.resource, standing(holder))) === true;
    },
    suffix: (item, place, path, holder) => {
      // R4 writes `path: "$index"`, though each item is looked at by itself.
      if (path.trim() === '$index') return `.${place}`;
      const [first] = meter.timed(() => plain(path).evaluateOn(item, standing(holder)));
      const text = first && textOf(systemItem(first));
      // Without a value it would fall together with others of its kind.
      return `.${text ?? place}`;
    },
  };
};
