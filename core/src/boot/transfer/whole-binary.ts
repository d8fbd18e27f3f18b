/** Gives back to a Binary the data that a page leaves out when it is long: as base64 in pieces, never all of it at once. */
import { isSubset } from '../../fhir/binary.ts';
import { parseBody } from '../../fhir/body.ts';
import { textOf } from '../../fhir/stored.ts';
import { asOutcome } from '../../outcome/outcome.ts';
import type { OnKernel } from '../on-kernel.ts';

/** A resource's text, whole or in pieces. */
export type Pieces = string | AsyncIterable<string>;

const base64 = async function* (bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const all = Buffer.concat([rest, chunk]);
    const whole = all.length - (all.length % 3);
    yield all.subarray(0, whole).toString('base64');
    rest = all.subarray(whole);
  }
  yield rest.toString('base64');
};

const inPieces = async function* (head: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  yield `${head.slice(0, -1)},"data":"`;
  yield* base64(bytes);
  yield '"}';
};

/** Undefined where it was deleted meanwhile. */
const read = async (ask: OnKernel['ask'], id: string): Promise<Pieces | undefined> => {
  try {
    const answer = await ask({ verb: 'read', type: 'Binary', id, apart: true });
    if (!('stored' in answer) || !answer.stored) return undefined;
    const text = textOf(answer.stored);
    const bytes = 'bytes' in answer ? answer.bytes : undefined;
    return bytes && bytes.size > 0 ? inPieces(text, bytes.read(0, bytes.size)) : text;
  } catch (thrown) {
    if (asOutcome(thrown).status === 410) return undefined;
    throw thrown;
  }
};

export const whole = async (ask: OnKernel['ask'], type: string, text: string): Promise<Pieces | undefined> => {
  if (type !== 'Binary' || !text.includes('SUBSETTED')) return text;
  const { resource } = parseBody(text);
  return isSubset(resource) ? read(ask, resource.id ?? '') : text;
};
