/** Hands out row ids: the type in the bits above 44 and a number below, so that one type is one range; takes numbers from the database in blocks. */
import { typeCode } from '../fhir/resource-types.ts';
import type { Lane } from './lane.ts';
import { asks } from './statement.ts';

/** As `rid_block` increments. */
const blockSize = 1024;

/** More than a bit operation of JavaScript can hold. */
const ofType = 2 ** 44;

export const ridOf = (type: string, number: number): number => typeCode(type) * ofType + number;
export const typeCodeOfRid = (rid: number): number => Math.floor(rid / ofType);

/** The row ids of a type: from the first, to before the second. */
export const ridRange = (type: string): readonly [first: number, end: number] => [
  typeCode(type) * ofType,
  (typeCode(type) + 1) * ofType,
];

/** A number that was taken and not used is lost, which harms nobody. */
const nextBlock = asks('rid.block', `select nextval($2::text::regclass)::int8 as first where $1::int4 is not null`);

export type Rids = (type: string) => Promise<number> | number;

export const openRids = (lane: Lane): Rids => {
  const block = { next: 0, end: 0 };
  let coming: Promise<void> | undefined;

  const fetch = async (): Promise<void> => {
    const [row] = await lane.run<{ first: number }>(0, nextBlock, ['rid_block']);
    if (!row) throw new RangeError('the database gave no row ids');
    Object.assign(block, { next: row.first, end: row.first + blockSize });
  };
  const waited = async (type: string): Promise<number> => {
    while (block.next === block.end) {
      coming ??= fetch().finally(() => (coming = undefined));
      await coming;
    }
    return ridOf(type, block.next++);
  };
  return (type) => (block.next < block.end ? ridOf(type, block.next++) : waited(type));
};
