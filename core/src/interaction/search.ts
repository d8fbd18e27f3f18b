/** search-type: the resources of one type that match, in the order that was asked for, with what is included, as a bundle, a page at a time. */
import { createHash } from 'node:crypto';
import type { Interaction, Stored } from '../fhir/interaction.ts';
import { bundleText, entryText } from '../fhir/bundle-text.ts';
import { readShape, shaping, type Shape } from '../fhir/search/shape.ts';
import { textOf } from '../fhir/stored.ts';
import { invalid } from '../outcome/outcome.ts';
import type { Hit } from '../store/search/find.ts';
import type { Snapshot } from '../store/search/search-statement.ts';
import type { Run } from '../store/statement.ts';
import type { Unit } from '../store/unit.ts';
import { seenBinaries } from './binary.ts';
import { openCursor, sealCursor, type CursorNeeds } from './cursor.ts';
import { typeIn } from './given.ts';
import { checkIncludes, included, mostIncluded } from './include.ts';
import type { Kernel, Verb } from './kernel.ts';
import { readQuery } from './matching.ts';
import { pageLinks } from './page.ts';

const entryOf = (stored: Stored, base: string, mode: 'match' | 'include'): string =>
  entryText({
    fullUrl: JSON.stringify(`${base}/${stored.type}/${stored.id}`),
    resource: textOf(stored),
    search: `{"mode":"${mode}"}`,
  });

/** What the bundle cannot show is said in it. */
const noticeText = (notices: readonly string[]): string =>
  entryText({
    resource: JSON.stringify({
      resourceType: 'OperationOutcome',
      issue: notices.map((diagnostics) => ({ severity: 'warning', code: 'not-supported', diagnostics })),
    }),
    search: '{"mode":"outcome"}',
  });

const leftOut = (name: string): string =>
  `the search parameter ${name.slice(0, 100)} is not known here and was left out`;

const refuseUnknown = ({ handling }: Interaction, type: string, [first]: readonly string[]): void => {
  if (first !== undefined && handling === 'strict')
    throw invalid(first, `${type} has no search parameter ${first.slice(0, 100)}`);
};

/** The question, whatever page of it. */
const questionOf = (type: string, params: URLSearchParams): string => {
  const asked = [...params].filter(([name]) => name !== '_cursor' && name !== '_format' && name !== '_pretty');
  return createHash('sha256')
    .update(JSON.stringify([type, asked]))
    .digest('base64url');
};

interface Opened {
  readonly taken: number;
  readonly behind: { readonly keys: readonly (string | null)[]; readonly rid: number };
  readonly snapshot: Snapshot;
}

const opened = (needs: CursorNeeds, text: string): Opened => {
  const { taken, values } = openCursor(needs, text);
  const [rid, snapshot, ...keys] = values;
  const visible = String(snapshot);
  return {
    taken,
    behind: { rid: Number(rid), keys: keys.map((key) => (key === null ? null : String(key))) },
    snapshot: { text: visible, next: visible.split(':')[1] ?? '0', taken },
  };
};

const sealed = (needs: CursorNeeds, from: Opened | undefined, { place, snapshot }: Hit): string =>
  sealCursor(needs, from?.taken ?? needs.now, [place.rid, from?.snapshot.text ?? snapshot, ...place.keys]);

/** An estimate counts no further than this. */
const estimatedUpTo = 10_000;

interface Work {
  readonly kernel: Kernel;
  readonly interaction: Interaction;
  readonly unit: Unit;
  readonly run: Run;
  readonly shape: Shape;
}

const totalOf = async (
  { unit, interaction, shape }: Work,
  query: Parameters<Unit['count']>[0]['query'],
  found: number | undefined,
): Promise<number | undefined> => {
  const { total, onlyCount } = shape;
  if (total === 'none' && !onlyCount) return undefined;
  if (found !== undefined && !onlyCount) return found;
  if (total === 'accurate' || onlyCount) return unit.count({ query }, interaction.signal);
  return total === 'estimate' ? unit.count({ query, most: estimatedUpTo }, interaction.signal) : undefined;
};

export const searchType: Verb = {
  name: 'search-type',
  capability: { level: 'type', code: 'search-type' },
  run: async (kernel, interaction, within) => {
    const type = typeIn(interaction);
    const { caller, signal, query: params = new URLSearchParams() } = interaction;
    const { store, publicUrl, now } = kernel;
    const base = `${publicUrl}/fhir`;
    const { query, unknown } = readQuery(kernel, caller, type, params);
    refuseUnknown(interaction, type, unknown);
    const shape = readShape(type, params, store.parameters(type).all);
    checkIncludes(kernel, shape.includes);
    const sort = shape.sort?.map((key) => store.sortKey(type, key));
    const unit = within?.unit ?? store.single(caller.tenant);
    const ofLane: Run = (statement, values) => store.database.read.run(caller.tenant, statement, values);
    const work: Work = { kernel, interaction, unit, run: within?.transaction?.run ?? ofLane, shape };
    const understood = [...params].filter(([name]) => shaping.has(name) || !unknown.includes(name));
    const address = `${base}/${type}`;
    const notices = unknown.map(leftOut);
    if (shape.onlyCount) {
      const total = await totalOf(work, query, undefined);
      const links = pageLinks(address, understood, undefined);
      return {
        status: 200,
        text: bundleText({ type: 'searchset', links, ...(total === undefined ? {} : { total }) }, []),
      };
    }
    const needs: CursorNeeds = {
      ...{ keys: kernel.cursors.keys, keepSeconds: kernel.cursors.keepSeconds, tenant: caller.tenant, now: now() },
      question: questionOf(type, params),
    };
    const cursor = params.get('_cursor');
    const from = cursor === null ? undefined : opened(needs, cursor);
    const hits = await unit.search(
      {
        ...{ query, limit: shape.count + 1 },
        ...(sort ? { sort } : {}),
        ...(from ? { behind: from.behind, snapshot: from.snapshot } : {}),
      },
      signal,
    );
    const page = hits.slice(0, shape.count);
    const last = hits.length > shape.count ? page.at(-1) : undefined;
    const links = pageLinks(address, understood, last && sealed(needs, from, last));
    const matches = page.map(({ current }) => current);
    const seen = await seenBinaries(kernel, caller, unit, matches);
    const total = await totalOf(work, query, cursor === null && !last ? seen.length : undefined);
    const { resources, cut } =
      shape.includes.length === 0
        ? { resources: [], cut: false }
        : await included({ kernel, caller, unit, run: work.run }, matches, shape.includes);
    if (cut) notices.push(`more than ${mostIncluded} resources would be included; the rest was left out`);
    const besides = await seenBinaries(kernel, caller, unit, resources);
    const entries = [
      ...seen.map((stored) => entryOf(stored, base, 'match')),
      ...besides.map((stored) => entryOf(stored, base, 'include')),
      ...(notices.length > 0 ? [noticeText(notices)] : []),
    ];
    return {
      status: 200,
      text: bundleText({ type: 'searchset', links, ...(total === undefined ? {} : { total }) }, entries),
    };
  },
};
