/** vread: one version of a resource, as it was. */
import { notChangedSince } from '../fhir/stored.ts';
import { gone, notFound } from '../outcome/outcome.ts';
import { answerBinary, isBinary } from './binary.ts';
import { idIn, typeIn } from './given.ts';
import type { Verb } from './kernel.ts';
import { unitOf } from './unit-of.ts';

/** Versions are counted from 1; nothing else was ever given out. */
const isVersion = /^[1-9]\d{0,8}$/;

export const vread: Verb = {
  name: 'vread',
  capability: { level: 'type', code: 'vread' },
  run: async (kernel, interaction, within) => {
    const [type, id] = [typeIn(interaction), idIn(interaction)];
    const { version = '', caller } = interaction;
    const what = `${type}/${id}/_history/${version}`;
    if (!isVersion.test(version)) throw notFound(what);
    const unit = unitOf(kernel, caller, within);
    const stored = await unit.version(type, id, Number(version));
    if (!stored) throw notFound(what);
    // R4 http.html#vread: the version that is a deletion answers 410.
    if (stored.deleted) throw gone(what);
    if (isBinary(stored)) return answerBinary(kernel, interaction, stored, unit);
    return { status: notChangedSince(stored, interaction) ? 304 : 200, stored };
  },
};
