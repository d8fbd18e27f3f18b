/** A unit of work as one caller may use it: finds, counts, shows and writes only what every layer of policy permits, and says of the rest what it says of what does not exist. */
import type { Caller, Stored } from '../fhir/interaction.ts';
import { parseBody } from '../fhir/body.ts';
import { textOf } from '../fhir/stored.ts';
import { forbidden, notFound, tooCostly } from '../outcome/outcome.ts';
import { narrowedClauses, narrowedQuery, type Narrowing } from '../policy/narrowed-query.ts';
import type { Change } from '../store/change.ts';
import type { HistoryAsked, HistoryVersion } from '../store/history.ts';
import type { TransactionUnit, Unit } from '../store/unit.ts';
import { keyOf, openFor, openSeer, type Seeing, type Seer } from './visible.ts';

/** The verb by which a write is judged. */
const verbOf = ({ method, was, deleted }: Change): string => {
  if (deleted) return 'delete';
  if (method === 'PATCH') return 'patch';
  return was === 0 ? 'create' : 'update';
};

/** Pages of a history that may show nothing before the caller is told to ask for less. */
const mostEmptyPages = 50;

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** `deceased` is also `deceasedBoolean` and `_deceasedBoolean`. */
const kept = (resource: Readonly<Record<string, unknown>>, name: string): unknown[] =>
  Object.entries(resource).filter(([key]) => {
    const rest = key.replace(/^_/, '');
    return rest === name || (rest.startsWith(name) && /^[A-Z]/.test(rest.slice(name.length)));
  });

/** What is to be written must itself be permitted: nobody writes what he could not write again. */
const checkWrite = async (unit: Unit, seer: Seer, change: Change): Promise<void> => {
  const verb = verbOf(change);
  const { type, id, deleted, was } = change;
  const sights = await seer.sights(verb, type);
  if (sights.length === 0 || deleted) return;
  const stored: Stored = { type, id, version: was + 1, updated: 0, deleted, tail: change.tail };
  const open = await openFor(unit, stored, sights);
  if (open.some((ways) => ways.length === 0)) throw forbidden(`this caller may not ${verb} such a ${type}`);
  const before = was === 0 ? undefined : await unit.find(type, id, 'read');
  const old = before && !before.deleted ? parseBody(textOf(before)).resource : { resourceType: type };
  const next = parseBody(textOf(stored)).resource;
  for (const ways of open) {
    const faults = ways.map(({ keep }) => [...(keep ?? [])].find((name) => !isSame(kept(old, name), kept(next, name))));
    const [fault] = faults;
    if (fault !== undefined && !faults.includes(undefined))
      throw forbidden(`this caller may not change ${type}.${fault}`);
  }
};

const historyOf = async (
  unit: Unit,
  seer: Seer,
  asked: HistoryAsked,
  signal: AbortSignal | undefined,
): Promise<HistoryVersion[]> => {
  const found: HistoryVersion[] = [];
  let { behind } = asked;
  for (let pages = 0; pages < mostEmptyPages; pages++) {
    const page = await unit.history({ ...asked, ...(behind ? { behind } : {}) }, signal);
    found.push(...(await seer.versions('history-instance', page)));
    behind = page.at(-1);
    if (found.length >= asked.limit || page.length < asked.limit || !behind) return found.slice(0, asked.limit);
  }
  throw tooCostly('too many versions were looked at of which none may be shown: ask for the history of one resource');
};

const seeing = (kernel: Seeing, caller: Caller, unit: Unit): Unit => {
  const inPart = new Set<number>();
  const seer = openSeer(kernel, caller, unit, inPart);
  const { parameters } = kernel.store.searching(caller.tenant);
  const narrowing: Narrowing = {
    sights: (type) => seer.sights('search-type', type),
    looking: (type) => ({ type, parameters: parameters(type).all }),
  };
  return {
    find: async (type, id, purpose) => {
      const found = await unit.find(type, id, purpose);
      if (!found) return undefined;
      if (purpose === 'read') return (await seer.current('read', [found]))[0];
      if (found.deleted) return found;
      const may = await seer.mayWith(purpose === 'remove' ? 'delete' : 'update', [found]);
      if (!may.has(keyOf(found))) throw notFound(keyOf(found));
      return found;
    },
    all: async (targets) => seer.current('read', await unit.all(targets)),
    version: async (type, id, version) => {
      const found = await unit.version(type, id, version);
      return found && (await seer.versions('vread', [found]))[0];
    },
    history: (asked, signal) => historyOf(unit, seer, asked, signal),
    values: (rids, keys) =>
      unit.values(
        rids.filter((rid) => !inPart.has(rid)),
        keys,
      ),
    write: async (change) => {
      await checkWrite(unit, seer, change);
      return unit.write(change);
    },
    search: async (asked, signal) => {
      const query = await narrowedQuery(narrowing, asked.query, asked.sortedBy ?? []);
      const hits = await unit.search({ ...asked, query }, signal);
      const seen = await seer.found(
        'search-type',
        hits.map(({ current }) => current),
      );
      const shown = new Map(seen.map((each) => [each.rid, each]));
      return hits.flatMap((hit) => {
        const current = shown.get(hit.current.rid);
        return current ? [{ ...hit, current }] : [];
      });
    },
    count: async (counted, signal) =>
      unit.count({ ...counted, query: await narrowedQuery(narrowing, counted.query, []) }, signal),
    meant: async ({ type, clauses }, current, signal) =>
      unit.meant({ type, clauses: await narrowedClauses(narrowing, clauses) }, current, signal),
    satisfies: unit.satisfies,
    holders: unit.holders,
    contents: unit.contents,
  };
};

export const seenUnit = (kernel: Seeing, caller: Caller, unit: Unit): Unit =>
  kernel.access.isWhole(caller) ? unit : seeing(kernel, caller, unit);

export const seenTransaction = (kernel: Seeing, caller: Caller, unit: TransactionUnit): TransactionUnit =>
  kernel.access.isWhole(caller) ? unit : { ...unit, ...seeing(kernel, caller, unit) };
