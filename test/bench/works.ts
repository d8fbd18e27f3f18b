/** What the benchmark does, in order: each work leaves behind what the next ones need. */
import { seededBy } from '../../core/test/seeded.ts';
import { observation, patientBundle } from './data.ts';
import { searches } from './searches.ts';
import { drive, type Answer, type Measured, type Request, type Server } from './drive.ts';

export interface Work {
  readonly name: string;
  readonly each: number;
  /** Others stand on it. */
  readonly always?: true;
  readonly run: () => Promise<{ readonly heddle: Measured; readonly bare?: Measured }>;
}

export interface WorkNeeds {
  readonly heddle: Server;
  readonly bare: Server;
  readonly seconds: number;
}

const bundles = 100;
const seeded = seededBy(42);

interface Known {
  readonly ids: string[];
  readonly versions: Map<string, string>;
}

const idIn = (text: string): string => /"id":"([^"]+)"/.exec(text)?.[1] ?? '';

export const works = ({ heddle, bare, seconds }: WorkNeeds): Work[] => {
  const here: Known = { ids: [], versions: new Map() };
  const there: Known = { ids: [], versions: new Map() };
  const patients: string[] = [];
  let seed = 0;

  const importing = async (
    server: Server,
    count: number | undefined,
    onAnswer?: (answer: Answer) => void,
  ): Promise<Measured> => {
    const texts = Array.from({ length: count ?? 40 }, () => patientBundle(++seed).text);
    return drive({
      ...{ server, seconds: count === undefined ? seconds : 600 },
      next: (n) => {
        const body = texts[count === undefined ? n % texts.length : n];
        return body === undefined ? undefined : { method: 'POST', path: '/fhir', body };
      },
      ...(onAnswer ? { onAnswer } : {}),
    });
  };

  const bodies = Array.from({ length: 400 }, () => observation(seeded, 'SUBJECT'));
  const creating = (known: Known, subject: (n: number) => string, server: Server): Promise<Measured> => {
    const texts = bodies.map((body, n) => JSON.stringify(body).replace('SUBJECT', subject(n)));
    return drive({
      ...{ server, seconds },
      next: (n) => ({ method: 'POST', path: '/fhir/Observation', body: texts[n % texts.length] ?? '' }),
      onAnswer: ({ text }) => void known.ids.push(idIn(text)),
    });
  };
  const subject = (n: number): string => patients[n % patients.length] ?? '';
  const reading = ({ ids }: Known, server: Server): Promise<Measured> =>
    drive({ ...{ server, seconds }, next: () => ({ method: 'GET', path: `/fhir/Observation/${seeded.pick(ids)}` }) });
  const updating = ({ ids }: Known, server: Server): Promise<Measured> =>
    drive({
      ...{ server, seconds },
      next: (n) => {
        const id = seeded.pick(ids);
        const body = { ...observation(seeded, subject(n)), id };
        return { method: 'PUT', path: `/fhir/Observation/${id}`, body: JSON.stringify(body) };
      },
    });
  const deleting = ({ ids }: Known, server: Server): Promise<Measured> => {
    const doomed = ids.splice(0, Math.floor(ids.length / 2));
    return drive({
      ...{ server, seconds },
      next: (n) => (doomed[n] === undefined ? undefined : { method: 'DELETE', path: `/fhir/Observation/${doomed[n]}` }),
    });
  };
  /** A search has no bare limit of its own: it is held against the bare read. */
  const searching = (name: string, query: (n: number) => string): Work => ({
    name: `search: ${name}`,
    each: 1,
    run: async () => {
      const next = (n: number): Request => ({ method: 'GET', path: `/fhir/${query(n)}` });
      return { heddle: await drive({ server: heddle, seconds, next }), bare: await reading(there, bare) };
    },
  });
  const both = async (one: (known: Known, server: Server) => Promise<Measured>) => ({
    heddle: await one(here, heddle),
    bare: await one(there, bare),
  });

  return [
    {
      name: 'load 100 bundles of 100',
      each: 100,
      always: true,
      run: async () => {
        const measured = await importing(heddle, bundles, ({ text }) => {
          patients.push(/"location":"(Patient\/[^/]+)/.exec(text)?.[1] ?? '');
        });
        await creating(there, subject, bare);
        return { heddle: measured };
      },
    },
    ...searches((n) => subject(n).replace('Patient/', '')).map(({ name, path }) => searching(name, path)),
    {
      name: 'import in bundles of 100, a resource',
      each: 100,
      run: async () => ({ heddle: await importing(heddle, undefined), bare: await importing(bare, undefined) }),
    },
    {
      name: 'create Observation',
      each: 1,
      always: true,
      run: async () => ({ heddle: await creating(here, subject, heddle), bare: await creating(there, subject, bare) }),
    },
    { name: 'read', each: 1, run: () => both(reading) },
    { name: 'update with history', each: 1, run: () => both(updating) },
    { name: 'delete', each: 1, run: () => both(deleting) },
  ];
};
