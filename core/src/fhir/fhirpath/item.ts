/** What a FHIRPath expression reads and answers: values with their types, and where an element stands in its resource. */
import { decimalText, numberOf, wholeDecimal, type Decimal } from '../decimal.ts';
import type { Members } from '../members.ts';
import { momentText, type Moment } from './moment.ts';

/** `type` is a type of FHIR (`HumanName`, `code`, `Patient.contact`) or one of FHIRPath's own (`System.String`). */
export interface Typed {
  readonly type: string;
  /** Of FHIR's types as in JSON; undefined for a primitive that has only extensions. */
  readonly value: unknown;
}

export interface Item extends Typed {
  /** The `_name` that stands beside a primitive. */
  readonly beside: Members | undefined;
  /** Undefined for a root and for what was computed. */
  readonly parent: Item | undefined;
  /** The object that the element is a member of, by the name `key`: its parent's value, or what stands beside that. */
  readonly holder: Members | undefined;
  readonly key: string;
  /** In its list, or -1. */
  readonly place: number;
}

export type Items = readonly Item[];

/** The value of a `System.Quantity`. */
export interface Quantity {
  readonly value: Decimal;
  readonly unit: string;
  /** The unit is a keyword of the calendar (`year`) and not one of UCUM (`'a'`). */
  readonly calendar: boolean;
}

export const none: Items = [];

export const element = (
  type: string,
  value: unknown,
  beside: Members | undefined,
  parent: Item | undefined,
  holder: Members | undefined,
  key: string,
  place: number,
): Item => ({ type, value, beside, parent, holder, key, place });

const made = (type: string, value: unknown): Item => element(type, value, undefined, undefined, undefined, '', -1);

export const booleanItem = (value: boolean): Item => (value ? yes : no);
export const stringItem = (value: string): Item => made('System.String', value);
export const integerItem = (value: number): Item => made('System.Integer', value);
export const decimalItem = (value: Decimal): Item => made('System.Decimal', value);
export const quantityItem = (value: Quantity): Item => made('System.Quantity', value);
export const momentItem = (value: Moment): Item => made(`System.${value.kind}`, value);
export const rootItem = (type: string, value: unknown): Item => made(type, value);

const yes = made('System.Boolean', true);
const no = made('System.Boolean', false);

export const isTrue = (items: Items): boolean => items.length === 1 && items[0]?.value === true;

export const decimalIn = (item: Item): Decimal =>
  item.type === 'System.Integer' ? wholeDecimal(item.value as number) : (item.value as Decimal);

const quantityText = ({ value, unit, calendar }: Quantity): string => {
  if (!calendar) return `${decimalText(value)} '${unit}'`;
  const one = value.digits === 10n ** BigInt(value.scale);
  return `${decimalText(value)} ${unit}${one ? '' : 's'}`;
};

/** As toString() writes it; undefined for what is no value of FHIRPath's own types. */
export const textOf = ({ type, value }: Typed): string | undefined => {
  switch (type) {
    case 'System.String':
      return value as string;
    case 'System.Boolean':
    case 'System.Integer':
      return String(value);
    case 'System.Decimal':
      return decimalText(value as Decimal);
    case 'System.Quantity':
      return quantityText(value as Quantity);
    case 'System.Date':
    case 'System.DateTime':
    case 'System.Time':
      return momentText(value as Moment);
    default:
      return undefined;
  }
};

/** As JSON would hold it: for answers, logs and tests. A decimal becomes a number and may lose digits. */
export const plain = (typed: Typed): unknown => {
  const { type, value } = typed;
  if (type === 'System.Decimal') return numberOf(value as Decimal);
  if (type === 'System.Quantity') {
    const quantity = value as Quantity;
    return { value: numberOf(quantity.value), unit: quantity.unit };
  }
  return /^System\.(?:Date|DateTime|Time)$/.test(type) ? textOf(typed) : value;
};
