/** transaction: all entries or none, in R4's order, with the links between them rewritten. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Body } from '../fhir/body.ts';
import { inEntry, readEntries, type EntryRequest } from '../fhir/bundle-entries.ts';
import { bundleText } from '../fhir/bundle-text.ts';
import type { Answer, Interaction } from '../fhir/interaction.ts';
import { parseLossless } from '../fhir/lossless.ts';
import { asOutcome, Outcome } from '../outcome/outcome.ts';
import type { TransactionUnit } from '../store/unit.ts';
import { entryBody, interactionOf, sharedOf, treeOf } from './bundle-interaction.ts';
import { entryAnswer } from './entry-answer.ts';
import { bodyIn } from './given.ts';
import type { Kernel, Perform, Verb, Within } from './kernel.ts';
import { checkReferrers } from './remove.ts';
import { checkCriteria } from './transaction-criteria.ts';
import { checkEntries, checkIdentified, identifyAll, type Identified } from './transaction-identities.ts';
import { addressesOf, hasConditionalLinks, resolveConditionalLinks, rewriteLinks } from './transaction-links.ts';
import { transactionOf } from './unit-of.ts';

/** Between so many entries others get their turn of the event loop. */
const atOnce = 100;

const changing = new Set(['update', 'patch', 'delete']);

interface Work {
  readonly kernel: Kernel;
  readonly interaction: Interaction;
  readonly perform: Perform;
  /** Numbers of the bundle must keep their digits. */
  readonly exact: boolean;
}

/** What criteria have found names the resource: the entry need not. */
const bodyOf = ({ resource, criteria }: EntryRequest, id: string | undefined, exact: boolean): Body | undefined => {
  if (!resource) return undefined;
  const named = criteria && id !== undefined ? { ...resource, id } : resource;
  return entryBody(named, exact);
};

/** The entry as it would be asked for alone, its resource decided. */
const asked = ({ interaction, exact }: Work, { entry, id, creates }: Identified): Interaction => {
  const plain = interactionOf({ ...entry, criteria: undefined }, sharedOf(interaction), bodyOf(entry, id, exact));
  const named = id === undefined ? plain : { ...plain, id };
  return creates ? { ...named, verb: 'create' } : named;
};

const performOne = async (work: Work, one: Identified, within: Within): Promise<Answer> => {
  if (one.found) return { status: 200, stored: one.found };
  if (one.id === undefined && one.entry.criteria && one.entry.verb === 'delete') return { status: 204 };
  try {
    return await work.perform(asked(work, one), within);
  } catch (thrown) {
    throw inEntry(one.entry.place, asOutcome(thrown));
  }
};

/** Those that were undone because of others do not say why. */
const refusalOf = (reasons: readonly unknown[]): Outcome => {
  const outcomes = reasons.map(asOutcome);
  const causes = outcomes.filter(({ status }) => status !== 424);
  const [first] = causes.length > 0 ? causes : outcomes;
  if (!first || causes.length < 2) return first ?? asOutcome(reasons[0]);
  const same = causes.filter(({ status }) => status === first.status);
  return new Outcome(first.status, same.flatMap(({ issues }) => issues).slice(0, 50), first.headers, first.cause);
};

/** All at once, so that the store writes them together. */
const performAll = async (
  work: Work,
  some: readonly Identified[],
  within: Within,
  answers: Map<number, Answer>,
  onRefusal = (): void => {},
): Promise<void> => {
  const running: Promise<void>[] = [];
  for (const [place, one] of some.entries()) {
    if (place > 0 && place % atOnce === 0) await turn();
    const run = performOne(work, one, within).then((answer) => void answers.set(one.entry.place, answer));
    run.catch(onRefusal);
    running.push(run);
  }
  const ended = await Promise.allSettled(running);
  const failed = ended.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  if (failed.length > 0) throw refusalOf(failed);
};

const arrivingOf = (identified: readonly Identified[]): ReadonlySet<string> =>
  new Set(
    identified.flatMap(({ entry, id }) =>
      id !== undefined && (entry.verb === 'create' || entry.verb === 'update') ? [`${entry.type}/${id}`] : [],
    ),
  );

/** What no text of a bundle with a conditional reference lacks; nearly every bundle lacks it. */
const mayBeConditional = /"[A-Z][A-Za-z]+\?/;

/** New resources only, none of which depends on what is there: one statement, and no transaction around it. */
const isPlain = ({ kernel }: Work, text: string, entries: readonly EntryRequest[]): boolean => {
  const doubtful = mayBeConditional.test(text);
  return entries.every(
    ({ verb, type, criteria, resource }) =>
      verb === 'create' &&
      !criteria &&
      resource &&
      type !== 'Binary' &&
      type !== 'SearchParameter' &&
      !(doubtful && hasConditionalLinks(kernel, resource)),
  );
};

const writePlain = async (work: Work, entries: readonly EntryRequest[]): Promise<Map<number, Answer>> => {
  const { kernel, interaction } = work;
  const identified = entries.map((entry) => ({ entry, id: kernel.ids(), found: undefined, creates: true }));
  const addresses = addressesOf(identified);
  for (const one of identified) rewriteLinks(kernel, one, addresses);
  const answers = new Map<number, Answer>();
  const { unit, abandon } = kernel.store.whole(interaction.caller.tenant, entries.length);
  await performAll(work, identified, { unit, arriving: arrivingOf(identified) }, answers, abandon);
  return answers;
};

/** What the entries name that exists already, perhaps. */
const heldBy = (entries: readonly EntryRequest[]): Parameters<TransactionUnit['hold']>[0] =>
  entries.flatMap(({ verb, type, id }) => {
    if (type === undefined || id === undefined || !changing.has(verb)) return [];
    return [{ type, id, purpose: verb === 'delete' ? ('remove' as const) : ('replace' as const) }];
  });

const inOrder = async (
  work: Work,
  entries: readonly EntryRequest[],
  transaction: TransactionUnit,
): Promise<Map<number, Answer>> => {
  const { kernel, interaction } = work;
  const answers = new Map<number, Answer>();
  const ofVerbs = (some: readonly Identified[], ...verbs: readonly string[]): Identified[] =>
    some.filter(({ entry }) => verbs.includes(entry.verb));
  const within: Required<Within> = { unit: transaction, transaction, arriving: new Set() };
  const seen = transactionOf(kernel, interaction.caller, within);
  await seen.hold(heldBy(entries));
  // R4 http.html#trules: deletions first, so that what is deleted matches no criteria any more.
  const removals = await identifyAll(
    kernel,
    interaction,
    entries.filter(({ verb }) => verb === 'delete'),
    seen,
  );
  checkIdentified(removals);
  await performAll(work, removals, within, answers);
  const others = await identifyAll(
    kernel,
    interaction,
    entries.filter(({ verb }) => verb !== 'delete'),
    seen,
  );
  checkIdentified([...removals, ...others]);
  checkCriteria(kernel, interaction, others);
  const addresses = addressesOf(others);
  for (const one of others) rewriteLinks(kernel, one, addresses);
  const making = { ...within, arriving: arrivingOf(others) };
  const writing = ofVerbs(others, 'create', 'update', 'patch');
  const waits = new Set(writing.filter(({ entry }) => entry.resource && hasConditionalLinks(kernel, entry.resource)));
  await performAll(
    work,
    writing.filter((one) => !waits.has(one)),
    making,
    answers,
  );
  for (const one of waits) await resolveConditionalLinks(kernel, interaction, one, seen);
  await performAll(work, [...waits], making, answers);
  await performAll(
    work,
    others.filter((one) => !writing.includes(one)),
    within,
    answers,
  );
  await checkReferrers(kernel, interaction.caller, seen);
  return answers;
};

const entriesOf = (kernel: Kernel, tree: Body['resource']): EntryRequest[] => {
  const entries = readEntries(tree, `${kernel.publicUrl}/fhir`);
  const faults = entries.flatMap((entry) => (entry instanceof Outcome ? [entry] : []));
  if (faults.length > 0) throw refusalOf(faults);
  return entries.flatMap((entry) => (entry instanceof Outcome ? [] : [entry]));
};

const write = (work: Work, body: Body, entries: readonly EntryRequest[]): Promise<Map<number, Answer>> => {
  const { kernel, interaction, exact } = work;
  if (isPlain(work, body.text, entries)) return writePlain(work, entries);
  // Links are rewritten in the tree: a second try must begin with a fresh one.
  const fresh = (): Body['resource'] => (exact ? parseLossless(body.text) : JSON.parse(body.text)) as Body['resource'];
  return kernel.store.transaction(
    interaction.caller.tenant,
    (unit) => inOrder(work, entriesOf(kernel, fresh()), unit),
    interaction.signal,
  );
};

export const transaction: Verb = {
  name: 'transaction',
  capability: { level: 'system', code: 'transaction' },
  run: async (kernel, interaction, _within, perform) => {
    const body = bodyIn(interaction);
    const entries = entriesOf(kernel, treeOf(body));
    checkEntries(entries);
    const work: Work = { kernel, interaction, perform, exact: body.exact !== undefined };
    const answers = entries.length === 0 ? new Map<number, Answer>() : await write(work, body, entries);
    const texts = entries.map((entry) =>
      entryAnswer(kernel, entry, answers.get(entry.place) ?? { status: 204 }, interaction.returning),
    );
    return { status: 200, text: bundleText({ type: 'transaction-response' }, texts) };
  },
};
