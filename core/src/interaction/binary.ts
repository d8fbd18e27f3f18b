/** What is particular about a Binary: which are taken, who may see one, and how much of its data stands inside an answer. */
import { apart, isSubset, metadataOf, withData, withoutData } from '../fhir/binary.ts';
import { bodyOf, type Body } from '../fhir/body.ts';
import type { Answer, Caller, Interaction, Stored } from '../fhir/interaction.ts';
import { notChangedSince } from '../fhir/stored.ts';
import { forbidden, notSupported, tooLarge, unprocessable } from '../outcome/outcome.ts';
import { judgeContext, judgeWithoutContext } from '../policy/security-context.ts';
import type { Decision } from '../policy/role-table.ts';
import type { Held } from '../store/contents.ts';
import { localReference } from '../store/index/typed-values.ts';
import type { Unit } from '../store/unit.ts';
import type { Kernel } from './kernel.ts';

export const isBinary = ({ type }: { readonly type?: string | undefined }): boolean => type === 'Binary';

export const tooManyBytes = (limit: number): Error =>
  tooLarge(`the content is longer than ${limit} bytes; fhir.binary.limitBytes sets the limit`);

export const refuseType = ({ binary }: Kernel, contentType: unknown): void => {
  if (typeof contentType !== 'string' || !binary.takes(contentType))
    throw notSupported(
      415,
      `content of the type ${String(contentType).slice(0, 100)} is not taken here; fhir.binary.contentTypes says what is`,
    );
};

/** The body with its data beside it, if this server takes both. */
export const acceptable = (kernel: Kernel, body: Body): Body => {
  refuseType(kernel, body.resource.contentType);
  const kept = apart(body);
  // R4 resource.html#Meta.tag: what was read in part is not the whole and must not replace it.
  if (!kept.content && isSubset(kept.resource))
    throw unprocessable('Binary.meta.tag', 'the data was left out of this resource when it was read; send all of it');
  if (kept.content?.kind === 'here' && kept.content.bytes.length > kernel.binary.limitBytes)
    throw tooManyBytes(kernel.binary.limitBytes);
  return kept;
};

type Finding = Pick<Unit, 'find'>;

/** R4 binary.html: whoever may read the resource that securityContext names may read the Binary, as far as they may read Binaries at all. */
const judged = async (kernel: Kernel, caller: Caller, stored: Stored, unit: Finding): Promise<Decision> => {
  const { securityContext } = stored.deleted ? {} : metadataOf(stored);
  if (!securityContext) return judgeWithoutContext(kernel.roles, caller);
  const { reference } = securityContext;
  const local = typeof reference === 'string' ? localReference(`${kernel.publicUrl}/fhir`, reference) : undefined;
  const decision = judgeContext(kernel.roles, caller, local?.type);
  if (!decision.permitted || !local || !kernel.references.mustExist) return decision;
  const context = await unit.find(local.type, local.id, 'read');
  return context && !context.deleted
    ? decision
    : { permitted: false, reason: 'the resource that decides who may see this Binary is not there any more' };
};

/** Refuses who may not see this version, to whatever end. */
export const checkContext = async (kernel: Kernel, caller: Caller, stored: Stored, unit: Finding): Promise<void> => {
  const decision = await judged(kernel, caller, stored, unit);
  if (!decision.permitted) throw forbidden(decision.reason);
};

/** Bytes that come as they are, and no word of who may see them: what was said before holds. */
export const keepingContext = (body: Body, before: Stored | undefined): Body => {
  const { resource, content } = body;
  if (!content || resource.securityContext !== undefined || !before || before.deleted) return body;
  const { securityContext } = metadataOf(before);
  return securityContext ? { ...bodyOf({ ...resource, securityContext }), content } : body;
};

const together = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(chunks));

/** With their data, in order, until so much of it is together as one answer holds; what does not fit is left out and said to be. */
const completed = async <S extends Stored>(kernel: Kernel, unit: Unit, all: readonly S[]): Promise<S[]> => {
  const helds = await Promise.all(all.map(({ type, id, version }) => unit.contents.ofVersion(type, id, version)));
  let room = kernel.binary.inlineBytes;
  const shown: S[] = [];
  for (const [place, stored] of all.entries()) {
    const held = helds[place];
    const fits = held !== undefined && held.size <= room;
    room -= fits ? held.size : 0;
    if (!held || stored.deleted) shown.push(stored);
    else if (fits)
      shown.push({ ...stored, tail: withData(stored.tail, await together(unit.contents.read(held, 0, held.size))) });
    else shown.push({ ...stored, tail: withoutData(stored) });
  }
  return shown;
};

/** Those of a list that the caller may see, with their data; other types pass as they are. */
export const seenBinaries = async <S extends Stored>(
  kernel: Kernel,
  caller: Caller,
  unit: Unit,
  all: readonly S[],
): Promise<S[]> => {
  if (!all.some(isBinary)) return [...all];
  const decisions = await Promise.all(
    all.map(async (stored) => !isBinary(stored) || (await judged(kernel, caller, stored, unit)).permitted),
  );
  const seen = all.filter((_, place) => decisions[place]);
  const binaries = await completed(kernel, unit, seen.filter(isBinary));
  let next = 0;
  return seen.map((stored) => (isBinary(stored) ? (binaries[next++] ?? stored) : stored));
};

const nothing: Held = { number: 0, size: 0 };

/** The answer to a read or vread that found a version. */
export const answerBinary = async (
  kernel: Kernel,
  interaction: Interaction,
  stored: Stored,
  unit: Unit,
): Promise<Answer> => {
  await checkContext(kernel, interaction.caller, stored, unit);
  if (notChangedSince(stored, interaction)) return { status: 304, stored };
  if (!interaction.apart) {
    const [shown = stored] = await completed(kernel, unit, [stored]);
    return { status: 200, stored: shown };
  }
  const { type, id, version } = stored;
  const held = (await unit.contents.ofVersion(type, id, version)) ?? nothing;
  return {
    ...{ status: 200, stored },
    bytes: { size: held.size, read: (first, end) => unit.contents.read(held, first, end) },
  };
};

/** A version as a patch sees it, and what the patched body does with its bytes. */
export interface Opened {
  readonly stored: Stored;
  readonly close: (body: Body) => Body;
}

/** Data that is too long to be looked at stays as it is, unless the patch puts other data in its place. */
export const openedForPatch = async (kernel: Kernel, unit: Unit, stored: Stored): Promise<Opened> => {
  const { type, id, version, tail } = stored;
  const held = await unit.contents.ofVersion(type, id, version);
  if (!held) return { stored, close: (body) => body };
  const kept = { kind: 'kept', version } as const;
  if (held.size > kernel.binary.inlineBytes)
    return { stored, close: (body) => (body.resource.data === undefined ? { ...body, content: kept } : body) };
  const bytes = await together(unit.contents.read(held, 0, held.size));
  const data = bytes.length === 0 ? undefined : bytes.toString('base64');
  return {
    stored: { ...stored, tail: withData(tail, bytes) },
    close: (body) => (body.resource.data === data ? { ...apart(body), content: { ...kept, bytes } } : body),
  };
};
