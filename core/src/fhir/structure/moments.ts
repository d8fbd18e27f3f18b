/** Judges R4's dates and times without reading them into values; refuses days that no calendar has. */

const digit = (text: string, at: number): number => text.charCodeAt(at) - 48;
const isDigit = (value: number): boolean => value >= 0 && value <= 9;

/** The number that two digits write, or -1. */
const two = (text: string, at: number): number => {
  const tens = digit(text, at);
  const ones = digit(text, at + 1);
  return isDigit(tens) && isDigit(ones) ? tens * 10 + ones : -1;
};

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const daysIn = (year: number, month: number): number => {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (monthLengths[month - 1] ?? 0);
};

const dash = 45;
const colon = 58;

const isDay = (text: string): boolean => {
  const century = two(text, 0);
  const year = century === -1 ? -1 : two(text, 2);
  if (year === -1 || century + year === 0) return false;
  if (text.length === 4) return true;
  if (text.charCodeAt(4) !== dash) return false;
  const month = two(text, 5);
  if (month < 1 || month > 12) return false;
  if (text.length === 7) return true;
  const day = two(text, 8);
  return text.charCodeAt(7) === dash && day >= 1 && day <= daysIn(century * 100 + year, month);
};

export const isDate = (text: string): boolean =>
  (text.length === 4 || text.length === 7 || text.length === 10) && isDay(text);

/** Where the time that begins at `from` ends, or -1. A second may be the 60th: leap seconds happen. */
const endOfTime = (text: string, from: number): number => {
  const hour = two(text, from);
  const minute = two(text, from + 3);
  const second = two(text, from + 6);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return -1;
  if (text.charCodeAt(from + 2) !== colon || text.charCodeAt(from + 5) !== colon) return -1;
  let at = from + 8;
  if (text[at] !== '.') return at;
  at++;
  const first = at;
  while (isDigit(digit(text, at))) at++;
  return at === first ? -1 : at;
};

/** `Z`, or hours and minutes up to 14:00. */
const isZone = (text: string, at: number): boolean => {
  if (text[at] === 'Z') return text.length === at + 1;
  if ((text[at] !== '+' && text[at] !== '-') || text.length !== at + 6) return false;
  const hour = two(text, at + 1);
  const minute = two(text, at + 4);
  if (text.charCodeAt(at + 3) !== colon || hour < 0 || minute < 0 || minute > 59) return false;
  return hour < 14 || (hour === 14 && minute === 0);
};

export const isTime = (text: string): boolean => endOfTime(text, 0) === text.length;

export const isInstant = (text: string): boolean => {
  if (text[10] !== 'T' || text[4] !== '-' || text[7] !== '-' || !isDay(text)) return false;
  const end = endOfTime(text, 11);
  return end !== -1 && isZone(text, end);
};

export const isDateTime = (text: string): boolean => (text.length > 10 ? isInstant(text) : isDate(text));
