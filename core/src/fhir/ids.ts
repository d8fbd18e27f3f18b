/** Makes and judges logical ids; new ones are UUIDs of version 7, so that neighbours in time are neighbours in the index. */

export type Ids = () => string;

const pattern = /^[A-Za-z0-9.-]{1,64}$/;

/** R4 datatypes.html#id. */
export const isId = (text: string): boolean => pattern.test(text);

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export const uuidsInOrder =
  (now: () => number, random: (bytes: number) => Uint8Array): Ids =>
  () => {
    const bytes = random(16);
    const at = (place: number): string => hex[bytes[place] ?? 0] ?? '';
    const time = now().toString(16).padStart(12, '0');
    const version = hex[0x70 | ((bytes[6] ?? 0) & 0x0f)] ?? '';
    const variant = hex[0x80 | ((bytes[8] ?? 0) & 0x3f)] ?? '';
    return `${time.slice(0, 8)}-${time.slice(8, 12)}-${version}${at(7)}-${variant}${at(9)}-${at(10)}${at(11)}${at(12)}${at(13)}${at(14)}${at(15)}`;
  };
