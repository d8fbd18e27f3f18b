/** Fetches for one query: each resource and each search once, a few at a time and not without end, as the caller and by nothing but interactions. */
import { setImmediate as breath } from 'node:timers/promises';
import { overLimit } from '../../fhir/graphql/answer.ts';
import type { Meter } from '../../fhir/graphql/meter.ts';
import type { Interaction } from '../../fhir/interaction.ts';
import { parseLossless } from '../../fhir/lossless.ts';
import { isMembers, type Members } from '../../fhir/members.ts';
import { textOf } from '../../fhir/stored.ts';
import type { Perform } from '../../interaction/kernel.ts';
import { notFound, Outcome, unexpected } from '../../outcome/outcome.ts';

export const mostResources = 1_000;
const atOnce = 8;

export interface Address {
  readonly type: string;
  readonly id: string;
  readonly version?: string;
}

export interface Match {
  readonly resource: Members;
  readonly search: Members;
}

export interface Page {
  readonly matches: readonly Match[];
  readonly total: unknown;
  /** What stands behind the question mark of its links. */
  readonly links: ReadonlyMap<string, string>;
}

export interface Fetch {
  readonly read: (address: Address) => Promise<Members>;
  readonly search: (type: string, query: URLSearchParams) => Promise<Page>;
  /** How many resources more the query may have. */
  readonly left: () => number;
}

/** What has nothing to do with what was asked for: the whole query is to be sent again. */
const isPassing = ({ status }: Outcome): boolean => status >= 500 || status === 429 || status === 499;

const gate = (places: number) => {
  let free = places;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => void waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
};

const membersIn = (value: unknown, key: string): readonly Members[] => {
  const list: unknown = isMembers(value) ? value[key] : undefined;
  return Array.isArray(list) ? list.filter(isMembers) : [];
};

const pageOf = (bundle: unknown): Page => ({
  matches: membersIn(bundle, 'entry').flatMap(({ resource, search }): Match[] =>
    isMembers(resource) && isMembers(search) && search['mode'] === 'match' ? [{ resource, search }] : [],
  ),
  total: isMembers(bundle) ? bundle['total'] : undefined,
  links: new Map(
    membersIn(bundle, 'link').map(({ relation, url }) => [String(relation), String(url).split('?')[1] ?? '']),
  ),
});

export const openFetch = (perform: Perform, { caller, signal, trace }: Interaction, meter: Meter): Fetch => {
  const shared = { caller, ...(signal ? { signal } : {}), ...(trace ? { trace } : {}) };
  const enter = gate(atOnce);
  const known = new Map<string, Promise<unknown>>();
  let fetched = 0;

  const take = (count: number): void => {
    fetched += count;
    if (fetched > mostResources)
      throw meter.stop(
        overLimit(`the query asks for more than ${mostResources} resources: narrow it or page through it`),
      );
  };
  const valueOf = async (interaction: Interaction): Promise<unknown> => {
    const answer = await perform(interaction);
    if ('stored' in answer && answer.stored) return parseLossless(textOf(answer.stored));
    if ('made' in answer) return answer.made;
    if ('text' in answer) return parseLossless(answer.text);
    throw unexpected(new RangeError(`${interaction.verb} answered ${answer.status}`));
  };
  const once = <T>(key: string, work: () => Promise<T>): Promise<T> => {
    // The key says what kind of value is remembered under it.
    const before = known.get(key) as Promise<T> | undefined;
    if (before) return before;
    const begun = enter(async () => {
      const over = meter.over();
      if (over) throw over;
      // What is at hand already grows on its own: others on this process get their turn.
      await breath();
      return work();
    }).catch((thrown: unknown) => {
      if (thrown instanceof Outcome && isPassing(thrown)) throw meter.stop(thrown);
      throw thrown;
    });
    known.set(key, begun);
    return begun;
  };

  return {
    left: () => mostResources - fetched,
    read: ({ type, id, version }) =>
      once(`${type}/${id}/${version ?? ''}`, async () => {
        take(1);
        const verb = version === undefined ? 'read' : 'vread';
        const value = await valueOf({ ...shared, verb, type, id, ...(version === undefined ? {} : { version }) });
        if (!isMembers(value)) throw notFound(`${type}/${id}`);
        return value;
      }),
    search: (type, query) =>
      once(`${type}?${query.toString()}`, async () => {
        take(0);
        const page = pageOf(await valueOf({ ...shared, verb: 'search-type', type, query, handling: 'strict' }));
        take(Math.max(1, page.matches.length));
        return page;
      }),
  };
};
