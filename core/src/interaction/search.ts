/** search-type: the resources of one type that match, as a bundle, a page at a time. */
import type { Interaction, Stored } from '../fhir/interaction.ts';
import { bundleText, entryText } from '../fhir/bundle-text.ts';
import { cursorText, readCursor } from '../fhir/cursor.ts';
import { textOf } from '../fhir/stored.ts';
import { invalid } from '../outcome/outcome.ts';
import { seenBinaries } from './binary.ts';
import { typeIn } from './given.ts';
import type { Verb } from './kernel.ts';
import { readQuery, shaping } from './matching.ts';
import { countOf, pageLinks } from './page.ts';

const hitText = (current: Stored, base: string): string =>
  entryText({
    fullUrl: JSON.stringify(`${base}/${current.type}/${current.id}`),
    resource: textOf(current),
    search: '{"mode":"match"}',
  });

/** What was left out of a lenient search is said in the bundle. */
const noticeText = (unknown: readonly string[]): string =>
  entryText({
    resource: JSON.stringify({
      resourceType: 'OperationOutcome',
      issue: unknown.map((name) => ({
        severity: 'warning',
        code: 'not-supported',
        diagnostics: `the search parameter ${name.slice(0, 100)} is not known here and was left out`,
      })),
    }),
    search: '{"mode":"outcome"}',
  });

const refuseUnknown = ({ handling }: Interaction, type: string, [first]: readonly string[]): void => {
  if (first !== undefined && handling === 'strict')
    throw invalid(first, `${type} has no search parameter ${first.slice(0, 100)}`);
};

export const searchType: Verb = {
  name: 'search-type',
  capability: { level: 'type', code: 'search-type' },
  run: async (kernel, interaction, within) => {
    const type = typeIn(interaction);
    const { caller, signal, query: params = new URLSearchParams() } = interaction;
    const base = `${kernel.publicUrl}/fhir`;
    const { query, unknown } = readQuery(kernel, caller, type, params);
    refuseUnknown(interaction, type, unknown);
    const limit = countOf(params);
    const cursor = params.get('_cursor');
    const [at = 0, rid = 0] = cursor === null ? [] : readCursor(cursor, 2);
    const unit = within?.unit ?? kernel.store.single(caller.tenant);
    const hits = await unit.search(
      { query, limit: limit + 1, ...(cursor === null ? {} : { behind: { at, rid } }) },
      signal,
    );
    const page = hits.slice(0, limit);
    const last = hits.length > limit ? page.at(-1) : undefined;
    const understood = [...params].filter(([name]) => shaping.has(name) || !unknown.includes(name));
    const links = pageLinks(`${base}/${type}`, understood, last && cursorText([last.place.at, last.place.rid]));
    const seen = await seenBinaries(
      kernel,
      caller,
      unit,
      page.map(({ current }) => current),
    );
    const total = cursor === null && !last ? { total: seen.length } : {};
    const entries = [
      ...seen.map((stored) => hitText(stored, base)),
      ...(unknown.length > 0 ? [noticeText(unknown)] : []),
    ];
    return { status: 200, text: bundleText({ type: 'searchset', links, ...total }, entries) };
  },
};
