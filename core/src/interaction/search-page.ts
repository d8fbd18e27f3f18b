/** Answers a search of one type or of several as a bundle: a page in the order that was asked for, what is included, and the links that lead on. */
import { hash } from 'node:crypto';
import type { Answer, Caller, Interaction, Stored } from '../fhir/interaction.ts';
import { bundleText, entryText } from '../fhir/bundle-text.ts';
import { typeCode } from '../fhir/resource-types.ts';
import type { Query } from '../fhir/search/query.ts';
import { shaping, type Shape } from '../fhir/search/shape.ts';
import { textOf } from '../fhir/stored.ts';
import type { Hit } from '../store/search/find.ts';
import type { Snapshot } from '../store/search/search-statement.ts';
import type { Place, SortKey } from '../store/search/sql/order.ts';
import { typeCodeOfRid } from '../store/rid.ts';
import type { Unit } from '../store/unit.ts';
import { seenBinaries } from './binary.ts';
import { countMeant, meantBy, pageOf } from './contained.ts';
import { openCursor, sealCursor, type CursorNeeds } from './cursor.ts';
import { included, mostIncluded } from './include.ts';
import type { Kernel, Within } from './kernel.ts';
import { merged } from './merged-hits.ts';
import { pageLinks } from './page.ts';
import { unitOf } from './unit-of.ts';

/** What is asked of one type. */
export interface Part {
  readonly query: Query;
  readonly sort: readonly SortKey[] | undefined;
}

export interface Question {
  /** What the links lead to, behind the server's address. */
  readonly path: string;
  readonly parts: readonly Part[];
  readonly shape: Shape;
  /** Parameters that were not understood. */
  readonly unknown: readonly string[];
  /** What is looked for in others, where that is answered in place of whoever contains it. */
  readonly contained?: Query;
}

const entryOf = (stored: Stored, base: string, mode: 'match' | 'include'): string =>
  `{"fullUrl":${JSON.stringify(`${base}/${stored.type}/${stored.id}`)},"resource":${textOf(stored)},"search":{"mode":"${mode}"}}`;

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

/** The question, whatever page of it. */
const nameOf = (path: string, understood: readonly (readonly [string, string])[]): string => {
  const asked = understood.filter(([name]) => name !== '_cursor' && name !== '_format' && name !== '_pretty');
  return hash('sha256', JSON.stringify([path, asked]), 'base64url');
};

/** So many of what stands in a row were shown already. */
interface Parted {
  readonly rid: number;
  readonly shown: number;
}

interface Opened {
  readonly taken: number;
  /** Undefined where the first row of all is to be gone on with. */
  readonly behind: Place | undefined;
  readonly snapshot: Snapshot;
  readonly parted: Parted | undefined;
}

const opened = (needs: CursorNeeds, text: string): Opened => {
  const { taken, values } = openCursor(needs, text);
  const [rid, seen, ...keys] = values;
  const [visible = '', parted, shown] = String(seen).split(' ');
  return {
    taken,
    behind:
      rid === null ? undefined : { rid: Number(rid), keys: keys.map((key) => (key === null ? null : String(key))) },
    snapshot: { text: visible, next: visible.split(':')[1] ?? '0', taken },
    parted: parted === undefined ? undefined : { rid: Number(parted), shown: Number(shown) },
  };
};

/** Where a page ends: behind a row, or within the one that follows it. */
interface End {
  readonly behind: Place | undefined;
  readonly snapshot: string;
  readonly parted?: Parted;
}

const sealed = (needs: CursorNeeds, from: Opened | undefined, { behind, snapshot, parted }: End): string => {
  const visible = from?.snapshot.text ?? snapshot;
  const seen = parted ? `${visible} ${parted.rid} ${parted.shown}` : visible;
  return sealCursor(needs, from?.taken ?? needs.now, [behind?.rid ?? null, seen, ...(behind?.keys ?? [])]);
};

const askingOf = (work: Work, query: Query) => ({
  ...{ unit: work.unit, signal: work.signal, base: work.base, query },
  contained: work.shape.contained,
});

/** An estimate counts no further than this. */
const estimatedUpTo = 10_000;

interface Work extends Question {
  readonly base: string;
  readonly unit: Unit;
  readonly signal: AbortSignal | undefined;
}

const counted = async ({ parts, unit, signal }: Work, most?: number): Promise<number> => {
  let total = 0;
  for (const { query } of parts) {
    total += await unit.count({ query, ...(most === undefined ? {} : { most: most - total }) }, signal);
    if (most !== undefined && total > most) break;
  }
  return total;
};

const totalOf = async (work: Work, found: number | undefined): Promise<number | undefined> => {
  const { total, onlyCount } = work.shape;
  if (total === 'none' && !onlyCount) return undefined;
  if (found !== undefined && !onlyCount) return found;
  if (work.contained && (total !== undefined || onlyCount))
    return countMeant(
      askingOf(work, work.contained),
      work.parts.map(({ query }) => query),
    );
  if (total === 'accurate' || onlyCount) return counted(work);
  return total === 'estimate' ? counted(work, estimatedUpTo) : undefined;
};

/** Without an order, types follow each other as their row ids do; with one, the heads of all are merged. */
const hitsOf = async ({ parts, shape, unit, signal }: Work, from: Opened | undefined): Promise<Hit[]> => {
  const limit = shape.count + 1;
  const snapshot = from ? { snapshot: from.snapshot } : {};
  const sortedBy = shape.sort?.map(({ code }) => code) ?? [];
  const search = ({ query, sort }: Part, room: number, behind: Place | undefined): Promise<Hit[]> =>
    unit.search(
      { ...{ query, limit: room, sortedBy, ...snapshot }, ...(sort ? { sort } : {}), ...(behind ? { behind } : {}) },
      signal,
    );
  const [first] = parts;
  if (first?.sort) {
    const heads = await Promise.all(parts.map((part) => search(part, limit, from?.behind)));
    return merged(heads, first.sort).slice(0, limit);
  }
  const reached = from?.behind ? typeCodeOfRid(from.behind.rid) : Infinity;
  const hits: Hit[] = [];
  for (const part of parts.toSorted((a, b) => typeCode(b.query.type) - typeCode(a.query.type))) {
    const code = typeCode(part.query.type);
    if (code > reached) continue;
    hits.push(...(await search(part, limit - hits.length, code === reached ? from?.behind : undefined)));
    if (hits.length >= limit) break;
  }
  return hits;
};

interface Shown {
  readonly page: readonly Hit[];
  readonly entries: readonly string[];
  /** Undefined where the page is the last. */
  readonly end: End | undefined;
}

const endBehind = (hit: Hit | undefined): End | undefined => hit && { behind: hit.place, snapshot: hit.snapshot };

const shownOf = async (
  work: Work,
  kernel: Kernel,
  caller: Caller,
  hits: readonly Hit[],
  from: Opened | undefined,
): Promise<Shown> => {
  const { count } = work.shape;
  const page = hits.slice(0, count);
  const end = hits.length > page.length ? endBehind(page.at(-1)) : undefined;
  if (work.contained) {
    const meant = await meantBy(askingOf(work, work.contained), page);
    const { entries, at, shown } = pageOf(meant, count, from?.parted);
    const [hit, before] = [page[at], page[at - 1]];
    if (!hit || shown === undefined) return { page, entries, end };
    const behind = before ? before.place : from?.behind;
    return { page, entries, end: { behind, snapshot: hit.snapshot, parted: { rid: hit.place.rid, shown } } };
  }
  const matches = page.map(({ current }) => current);
  const seen = await seenBinaries(kernel, caller, work.unit, matches);
  return { page, entries: seen.map((stored) => entryOf(stored, work.base, 'match')), end };
};

export const answerSearch = async (
  kernel: Kernel,
  { caller, signal, query: params = new URLSearchParams() }: Interaction,
  within: Within | undefined,
  question: Question,
): Promise<Answer> => {
  const { publicUrl, now, cursors } = kernel;
  const { path, shape, unknown } = question;
  const base = `${publicUrl}/fhir`;
  const address = path === '' ? base : `${base}/${path}`;
  const unit = unitOf(kernel, caller, within);
  const work: Work = { ...question, base, unit, signal };
  const understood = [...params]
    .filter(([name, value]) => value !== '' && (shaping.has(name) || !unknown.includes(name)))
    .map(([name, value]): [string, string] => [name, name === '_count' ? String(shape.count) : value]);
  const bundle = (total: number | undefined, next: string | undefined, entries: readonly string[]): Answer => ({
    status: 200,
    text: bundleText(
      { type: 'searchset', links: pageLinks(address, understood, next), ...(total === undefined ? {} : { total }) },
      entries,
    ),
  });
  if (shape.onlyCount) return bundle(await totalOf(work, undefined), undefined, []);

  const needs: CursorNeeds = {
    ...{ keys: cursors.keys, keepSeconds: cursors.keepSeconds, tenant: caller.tenant, now: now() },
    question: nameOf(path, understood),
  };
  const cursor = params.getAll('_cursor').find((text) => text !== '');
  const from = cursor === undefined ? undefined : opened(needs, cursor);
  const hits = await hitsOf(work, from);
  const { page, entries, end } = await shownOf(work, kernel, caller, hits, from);
  const matches = page.map(({ current }) => current);
  const total = await totalOf(work, cursor === undefined && !end ? entries.length : undefined);
  const { resources, cut } =
    shape.includes.length === 0
      ? { resources: [], cut: false }
      : await included({ kernel, caller, unit, ...(signal ? { signal } : {}) }, matches, shape.includes);
  const besides = await seenBinaries(kernel, caller, unit, resources);
  const notices = [
    ...unknown.map(leftOut),
    ...(cut ? [`more than ${mostIncluded} resources would be included; the rest was left out`] : []),
  ];
  return bundle(total, end && sealed(needs, from, end), [
    ...entries,
    ...besides.map((stored) => entryOf(stored, base, 'include')),
    ...(notices.length > 0 ? [noticeText(notices)] : []),
  ]);
};
