/** vread: one version of a resource, as it was. */
import { notChangedSince } from '../fhir/stored.ts';
import { gone, notFound } from '../outcome/outcome.ts';
import { findVersion } from '../store/resources.ts';
import type { Run } from '../store/statement.ts';
import { answerBinary, isBinary } from './binary.ts';
import { idIn, typeIn } from './given.ts';
import type { Verb } from './kernel.ts';

/** Versions are counted from 1; nothing else was ever given out. */
const isVersion = /^[1-9]\d{0,8}$/;

export const vread: Verb = {
  name: 'vread',
  capability: { level: 'type', code: 'vread' },
  run: async (kernel, interaction, within) => {
    const { store } = kernel;
    const [type, id] = [typeIn(interaction), idIn(interaction)];
    const { version = '', caller } = interaction;
    const what = `${type}/${id}/_history/${version}`;
    if (!isVersion.test(version)) throw notFound(what);
    const ofLane: Run = (statement, values) => store.database.read.run(caller.tenant, statement, values);
    const stored = await findVersion(within?.transaction?.run ?? ofLane, type, id, Number(version));
    if (!stored) throw notFound(what);
    // R4 http.html#vread: the version that is a deletion answers 410.
    if (stored.deleted) throw gone(what);
    if (isBinary(stored)) return answerBinary(kernel, interaction, stored, within?.unit ?? store.single(caller.tenant));
    return { status: notChangedSince(stored, interaction) ? 304 : 200, stored };
  },
};
