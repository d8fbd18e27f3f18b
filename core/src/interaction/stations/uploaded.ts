/** Stores bytes that come beside a body before the verb begins, so that no transaction waits for a slow sender; refuses too many of them, and takes them back if nothing came of it. */
import type { Answer, Interaction } from '../../fhir/interaction.ts';
import { refuseType, tooManyBytes } from '../binary.ts';
import type { Kernel, Perform, Station, Within } from '../kernel.ts';

const limited = async function* (source: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limit) throw tooManyBytes(limit);
    yield chunk;
  }
};

const upload = async (
  kernel: Kernel,
  { bytes, ...interaction }: Interaction,
  within: Within | undefined,
  next: Perform,
): Promise<Answer> => {
  const { body, caller } = interaction;
  if (!bytes || !body) return next(interaction, within);
  refuseType(kernel, body.resource.contentType);
  const { contents } = kernel.store;
  const content = await contents.upload(caller.tenant, limited(bytes, kernel.binary.limitBytes));
  try {
    return await next({ ...interaction, body: { ...body, content } }, within);
  } finally {
    // A version that was written has taken them; what cannot be taken back now is taken by the sweep.
    await contents.discard(caller.tenant, content.number).catch(() => undefined);
  }
};

export const uploaded: Station = (kernel, next) => (interaction, within) =>
  interaction.bytes ? upload(kernel, interaction, within, next) : next(interaction, within);
