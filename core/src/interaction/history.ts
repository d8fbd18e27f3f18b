/** history of one resource, of a type, of everything: a bundle of versions, latest first. */
import type { Interaction } from '../fhir/interaction.ts';
import { bundleText, entryText } from '../fhir/bundle-text.ts';
import { resourceTypes } from '../fhir/resource-types.ts';
import { dateRange } from '../fhir/search/date-range.ts';
import { etagOf, textOf } from '../fhir/stored.ts';
import { invalid, notFound } from '../outcome/outcome.ts';
import type { HistoryAsked, HistoryVersion } from '../store/history.ts';
import { seenBinaries } from './binary.ts';
import { idIn, typeIn } from './given.ts';
import type { Kernel, Verb, Within } from './kernel.ts';
import { openCursor, sealCursor, type CursorNeeds } from './cursor.ts';
import { countOf, shaping } from '../fhir/search/shape.ts';
import { pageLinks } from './page.ts';
import { unitOf } from './unit-of.ts';

const rangeIn = (query: URLSearchParams, name: string): { low: number; high: number } | undefined => {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const range = dateRange(text);
  if (!range) throw invalid(name, `${name} needs a date or an instant, such as 2026-01-31 or 2026-01-31T09:00:00Z`);
  return range;
};

/** R4's response status for each way in which a version came about. */
const statusOf = ({ method, version, deleted }: HistoryVersion): string => {
  if (deleted) return '204';
  return method === 'POST' || version === 1 ? '201' : '200';
};

const entryOf = (version: HistoryVersion, base: string): string => {
  const { type, id, method, deleted } = version;
  const address = `${type}/${id}`;
  return entryText({
    fullUrl: JSON.stringify(`${base}/${address}`),
    resource: deleted ? undefined : textOf(version),
    request: JSON.stringify({ method, url: method === 'POST' ? type : address }),
    response: JSON.stringify({
      status: statusOf(version),
      location: `${address}/_history/${version.version}`,
      etag: etagOf(version),
      lastModified: new Date(version.updated).toISOString(),
    }),
  });
};

const understood = new Set([...shaping, '_since', '_at']);

const answer = async (
  kernel: Kernel,
  interaction: Interaction,
  within: Within | undefined,
  path: string,
  whose: Pick<HistoryAsked, 'types' | 'id'>,
): Promise<string> => {
  const { caller, signal, query = new URLSearchParams() } = interaction;
  const unknown = [...query.keys()].find((name) => !understood.has(name));
  if (unknown !== undefined && interaction.handling === 'strict')
    throw invalid(unknown.slice(0, 100), `a history has no parameter ${unknown.slice(0, 100)}`);
  const base = `${kernel.publicUrl}/fhir`;
  const limit = countOf(query);
  const cursor = query.get('_cursor');
  const since = rangeIn(query, '_since')?.low;
  const at = rangeIn(query, '_at');
  const { cursors, now } = kernel;
  const needs: CursorNeeds = {
    ...{ ...cursors, tenant: caller.tenant, now: now() },
    question: `${path}?_since=${query.get('_since') ?? ''}&_at=${query.get('_at') ?? ''}`,
  };
  const from = cursor === null ? undefined : openCursor(needs, cursor);
  const [updated = 0, rid = 0, version = 0] = from?.values.map(Number) ?? [];
  const unit = unitOf(kernel, caller, within);
  const asked = {
    ...{ ...whose, limit: limit + 1 },
    ...(since === undefined ? {} : { since }),
    ...(at ? { at } : {}),
    ...(cursor === null ? {} : { behind: { updated, rid, version } }),
  };
  const found = await unit.history(asked, signal);
  const [latest] = found;
  if (!latest && whose.id !== undefined && cursor === null && since === undefined && !at)
    throw notFound(path.replace('/_history', ''));
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  const next = last && sealCursor(needs, from?.taken ?? needs.now, [last.updated, last.rid, last.version]);
  const links = pageLinks(`${base}/${path}`, [...query], next);
  const seen = await seenBinaries(kernel, caller, unit, page);
  return bundleText(
    { type: 'history', links },
    seen.map((each) => entryOf(each, base)),
  );
};

export const historyInstance: Verb = {
  name: 'history-instance',
  capability: { level: 'type', code: 'history-instance' },
  run: async (kernel, interaction, within) => {
    const [type, id] = [typeIn(interaction), idIn(interaction)];
    return {
      status: 200,
      text: await answer(kernel, interaction, within, `${type}/${id}/_history`, { types: [type], id }),
    };
  },
};

export const historyType: Verb = {
  name: 'history-type',
  capability: { level: 'type', code: 'history-type' },
  run: async (kernel, interaction, within) => {
    const type = typeIn(interaction);
    return { status: 200, text: await answer(kernel, interaction, within, `${type}/_history`, { types: [type] }) };
  },
};

export const historySystem: Verb = {
  name: 'history-system',
  capability: { level: 'system', code: 'history-system' },
  run: async (kernel, interaction, within) => {
    const seen = resourceTypes.filter((type) => kernel.roles.judge(interaction.caller, 'history-type', type).permitted);
    return { status: 200, text: await answer(kernel, interaction, within, '_history', { types: seen }) };
  },
};
