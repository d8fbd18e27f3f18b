/** Writes the current resources of some types into files, exactly as they are stored, a page at a time; each file appears when it is whole. */
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { misconfigured } from '../../outcome/outcome.ts';
import type { OnKernel } from '../on-kernel.ts';
import { entriesIn, memberIn } from './items.ts';

export interface ExportNeeds {
  readonly ask: OnKernel['ask'];
  readonly base: string;
  readonly types: readonly string[];
  readonly format: 'ndjson' | 'bundle';
  /** A folder, or one file by its ending. */
  readonly to: string;
  readonly told: (type: string, count: number) => void;
}

const pageSize = 1_000;

const nextIn = (bundle: string): string | undefined => {
  const links = JSON.parse(memberIn(bundle, 'link') ?? '[]') as readonly { relation: string; url: string }[];
  const next = links.find(({ relation }) => relation === 'next');
  return next && (new URL(next.url).searchParams.get('_cursor') ?? undefined);
};

/** The texts of a type's resources, in pages, the latest first. What is made meanwhile is not among them. */
const pagesOf = async function* (ask: OnKernel['ask'], type: string): AsyncGenerator<string[], void> {
  for (let cursor: string | undefined, more = true; more;) {
    const query = new URLSearchParams({
      _count: String(pageSize),
      ...(cursor === undefined ? {} : { _cursor: cursor }),
    });
    const answer = await ask({ verb: 'search-type', type, query });
    const text = 'text' in answer ? answer.text : '';
    const resources = entriesIn(text).flatMap((entry) => memberIn(entry, 'resource') ?? []);
    if (resources.length > 0) yield resources;
    cursor = nextIn(text);
    more = cursor !== undefined;
  }
};

interface Sink {
  readonly add: (resources: readonly string[], type: string) => Promise<void>;
  readonly end: () => Promise<void>;
  readonly drop: () => Promise<void>;
}

/** `lead` and `tail` stand around all, `between` two of them. */
interface Form {
  readonly lead: string;
  readonly between: string;
  readonly tail: string;
  readonly item: (resource: string, type: string) => string;
}

const idIn = (resource: string): string => String(JSON.parse(memberIn(resource, 'id') ?? '""'));

const lines: Form = { lead: '', between: '', tail: '', item: (resource) => `${resource}\n` };

const bundleOf = (type: 'transaction' | 'collection', base: string): Form => ({
  lead: `{"resourceType":"Bundle","type":"${type}","entry":[\n`,
  between: ',\n',
  tail: '\n]}\n',
  item: (resource, name) => {
    const place = `${name}/${idIn(resource)}`;
    const request = type === 'transaction' ? `,"request":{"method":"PUT","url":"${place}"}` : '';
    return `{"fullUrl":"${base}/fhir/${place}","resource":${resource}${request}}`;
  },
});

const openSink = async (path: string, { lead, between, tail, item }: Form): Promise<Sink> => {
  const half = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  const file: FileHandle = await open(half, 'w', 0o600);
  await file.appendFile(lead);
  let separator = '';
  return {
    add: async (resources, type) => {
      await file.appendFile(separator + resources.map((resource) => item(resource, type)).join(between));
      separator = between;
    },
    end: async () => {
      await file.appendFile(tail);
      await file.sync();
      await file.close();
      await rename(half, path);
    },
    drop: async () => {
      await file.close();
      await rm(half, { force: true });
    },
  };
};

/** Which file takes the next page; a new one begins where an earlier one is whole. */
type Place = (type: string, page: number) => string;

const plans = ({ format, to, base }: ExportNeeds): { readonly place: Place; readonly form: Form } => {
  const isFile = /\.(?:ndjson|json)$/.test(to);
  if (isFile && to.endsWith('.ndjson') !== (format === 'ndjson'))
    throw misconfigured([
      `${format} goes into a folder or a file that ends in ${format === 'ndjson' ? '.ndjson' : '.json'}`,
    ]);
  if (format === 'ndjson') return { form: lines, place: (type) => (isFile ? to : join(to, `${type}.ndjson`)) };
  if (isFile) return { form: bundleOf('collection', base), place: () => to };
  return {
    form: bundleOf('transaction', base),
    place: (type, page) => join(to, `${type}-${String(page).padStart(5, '0')}.json`),
  };
};

/** Answers how many were written. */
export const exportAll = async (needs: ExportNeeds): Promise<number> => {
  const { ask, types, told } = needs;
  const { place, form } = plans(needs);
  let sink: Sink | undefined;
  let path = '';
  let total = 0;
  try {
    for (const type of types) {
      let count = 0;
      let page = 0;
      for await (const resources of pagesOf(ask, type)) {
        const next = place(type, ++page);
        if (next !== path) {
          await sink?.end();
          sink = undefined;
          path = next;
          sink = await openSink(next, form);
        }
        await sink?.add(resources, type);
        count += resources.length;
      }
      if (count > 0) told(type, count);
      total += count;
    }
    await sink?.end();
    return total;
  } catch (thrown) {
    await sink?.drop();
    if (!(thrown instanceof Error && 'syscall' in thrown && 'code' in thrown)) throw thrown;
    throw misconfigured([`${path} cannot be written (${String(thrown.code)})`], thrown);
  }
};
