/** Texts of decimals that sort by their bytes as the decimals by their size, in printable ASCII; knows nothing of units or of SQL. */
import { isZero, negated, type Decimal } from '../decimal.ts';

/** Digits behind these are cut off: then two numbers may have one text, but never the order of others. */
const significant = 60;

/** In the order of their bytes, also under PostgreSQL's collation "C". */
const ordered = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Stands for ten to the zeroth; its neighbours for the powers beside it, and the outermost announce a power in digits. */
const middle = 30;

const farthest = 28;

const digitAt = (place: number): string => ordered.charAt(place);

/** The length before the digits lets 10 stand behind 9. */
const counted = (whole: number): string => `${digitAt(String(whole).length)}${whole}`;

const complement = (text: string): string => text.replace(/\d/g, (digit) => String(9 - Number(digit)));

const powerText = (power: number): string => {
  if (Math.abs(power) <= farthest) return digitAt(middle + power);
  const far = counted(Math.abs(power));
  return power > 0 ? `z${far}` : `0${complement(far)}`;
};

/** A power of ten, and the digits from the first that is not 0 to the last. */
const positiveText = ({ digits, scale }: Decimal): string => {
  const written = digits.toString();
  const power = written.length - 1 - scale;
  return powerText(power) + written.slice(0, significant).replace(/0+$/, '');
};

/** Each character becomes its mirror image, and the end of the text sorts behind all that could follow. */
const mirrored = (text: string): string =>
  `${text.replace(/./g, (character) => digitAt(ordered.length - 1 - ordered.indexOf(character)))}~`;

/**
 * Zero is '1', so larger numbers begin with '2' and smaller ones with '0': 5.4 is '2U54'.
 */
export const orderedDecimal = (value: Decimal): string => {
  if (isZero(value)) return '1';
  return value.digits > 0n ? `2${positiveText(value)}` : `0${mirrored(positiveText(negated(value)))}`;
};

/** Behind the decimal itself, and before every one that is larger. */
export const justAbove = (value: Decimal): string => `${orderedDecimal(value)}!`;

/** Before the decimal itself, and behind every one that is smaller. */
export const justBelow = (value: Decimal): string => {
  if (isZero(value)) return '0~';
  const text = orderedDecimal(value);
  const rest = text.slice(0, -1);
  // A positive text ends with a digit that is not 0, a negative one with the sign that closes it.
  return value.digits > 0n ? `${rest}${Number(text.at(-1)) - 1}~` : `${rest}}`;
};
