/** Makes and judges logical ids; new ones are UUIDs of version 7, so that neighbours in time are neighbours in the index. */

export type Ids = () => string;

const pattern = /^[A-Za-z0-9.-]{1,64}$/;

/** R4 datatypes.html#id. */
export const isId = (text: string): boolean => pattern.test(text);

export const uuidsInOrder =
  (now: () => number, random: (bytes: number) => Uint8Array): Ids =>
  () => {
    const bytes = random(16);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const time = now();
    view.setUint32(0, Math.floor(time / 0x10000));
    view.setUint16(4, time % 0x10000);
    view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
    view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
    const hex = Buffer.from(bytes).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
