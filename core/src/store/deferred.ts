/** Keeps requests that are answered later, and their answers, for a time: both in pieces, because they are as long as anything. */
import { fill } from './contents.ts';
import { asks, reads, type Run, writes } from './statement.ts';

export type DeferredState = 'waiting' | 'running' | 'done';

export interface Deferred {
  readonly id: string;
  readonly subject: string;
  readonly state: DeferredState;
  readonly progress: string | null;
  /** Milliseconds since 1970; behind it nothing is told of it any more. */
  readonly expires: number;
  readonly asked: number;
  readonly askedSize: number;
  /** Of HTTP, once it is done. */
  readonly status: number | null;
  readonly answer: number | null;
  readonly answerSize: number | null;
}

const columns = `d.id, d.subject, d.state, d.progress, (extract(epoch from d.expires) * 1000)::int8 as expires,
  d.asked, d.asked_size, d.status, d.answer, d.answer_size`;

interface Row extends Omit<Deferred, 'askedSize' | 'answerSize'> {
  readonly asked_size: number;
  readonly answer_size: number | null;
}

/** Of the same sequence as the contents of Binaries, whose pieces stand beside these. */
const number = asks('deferred.number', 'select nextval($2::text::regclass)::int8 as number where $1::int4 is not null');

const add = writes(
  'deferred.add',
  `insert into deferred (tenant, id, subject, expires, asked, asked_size)
   values ($1, $2, $3, now() + make_interval(secs => $4::int4), $5::int8, $6::int8)`,
);

const waiting = reads(
  'deferred.waiting',
  'select count(*)::int4 as n from deferred d where d.tenant = $1 and d.subject = $2 and d.status is null',
);

const byId = reads(
  'deferred.by-id',
  `select ${columns} from deferred d where d.tenant = $1 and d.id = $2 and d.expires > now()`,
);

const begin = writes(
  'deferred.begin',
  `with begun as (
     update deferred r set state = $3 where r.tenant = $1 and r.id = $2 and r.status is null returning r.id)
   select ${columns} from deferred d join begun b on b.id = d.id where d.tenant = $1`,
);

const progress = writes('deferred.progress', 'update deferred d set progress = $3 where d.tenant = $1 and d.id = $2');

const finish = writes(
  'deferred.finish',
  `update deferred d
      set state = $7, progress = null, status = $3::int4, answer = $4::int8, answer_size = $5::int8,
          expires = now() + make_interval(secs => $6::int4)
    where d.tenant = $1 and d.id = $2 and d.status is null returning d.id`,
);

const remove = writes('deferred.remove', 'delete from deferred d where d.tenant = $1 and d.id = $2 returning d.id');

const sweep = writes('deferred.sweep', 'delete from deferred d where d.tenant = $1 and d.expires < now()');

const entry = writes(
  'deferred.entry',
  `with wanted as (select d.id from deferred d where d.tenant = $1 and d.id = $2 for key share of d)
   insert into deferred_entry (tenant, id, place, answer)
   select $1, w.id, $3::int4, $4 from wanted w returning place`,
);

const entries = reads(
  'deferred.entries',
  'select e.place, e.answer from deferred_entry e where e.tenant = $1 and e.id = $2',
);

const deferredOf = ({ asked_size: askedSize, answer_size: answerSize, ...row }: Row): Deferred => ({
  ...row,
  askedSize,
  answerSize,
});

/** Text in pieces of a number of their own, in the caller's transaction. */
const keep = async (run: Run, text: string): Promise<{ readonly number: number; readonly size: number }> => {
  const [row] = await run<{ number: number }>(number, ['upload_number_seq']);
  if (!row) throw new RangeError('the database gave no number');
  return { number: row.number, size: await fill(run, row.number, [Buffer.from(text)]) };
};

export interface NewDeferred {
  readonly id: string;
  readonly subject: string;
  readonly keepSeconds: number;
  readonly request: string;
}

export const addDeferred = async (run: Run, { id, subject, keepSeconds, request }: NewDeferred): Promise<void> => {
  const asked = await keep(run, request);
  await run(add, [id, subject, keepSeconds, asked.number, asked.size]);
};

export const countWaiting = async (run: Run, subject: string): Promise<number> =>
  (await run<{ n: number }>(waiting, [subject]))[0]?.n ?? 0;

export const findDeferred = async (run: Run, id: string): Promise<Deferred | undefined> => {
  const [row] = await run<Row>(byId, [id]);
  return row && deferredOf(row);
};

/** Undefined where it is done or was taken back. */
export const beginDeferred = async (run: Run, id: string): Promise<Deferred | undefined> => {
  const [row] = await run<Row>(begin, [id, 'running']);
  return row && deferredOf(row);
};

export const noteProgress = async (run: Run, id: string, text: string): Promise<void> =>
  void (await run(progress, [id, text]));

export interface Finished {
  readonly id: string;
  readonly status: number;
  readonly answer: string;
  readonly keepSeconds: number;
}

/** False where it was taken back meanwhile: nothing of the transaction must stay then. */
export const finishDeferred = async (run: Run, { id, status, answer, keepSeconds }: Finished): Promise<boolean> => {
  const kept = await keep(run, answer);
  const done = await run(finish, [id, status, kept.number, kept.size, keepSeconds, 'done']);
  return done.length > 0;
};

export const removeDeferred = async (run: Run, id: string): Promise<void> => void (await run(remove, [id]));

export const sweepDeferred = async (run: Run): Promise<void> => void (await run(sweep, []));

/** A second one of the same place waits for the first and then fails. False where the request was taken back. */
export const noteEntry = async (run: Run, id: string, place: number, answer: string): Promise<boolean> =>
  (await run(entry, [id, place, answer])).length > 0;

export const notedEntries = async (run: Run, id: string): Promise<Map<number, string>> =>
  new Map((await run<{ place: number; answer: string }>(entries, [id])).map(({ place, answer }) => [place, answer]));
