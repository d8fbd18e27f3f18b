import { expect } from 'chai';
import { type Change } from '../../src/store/change.ts';
import type { Database } from '../../src/store/database.ts';
import { beginningOfChanges, changesFromNow, changesSince } from '../../src/store/feed.ts';
import { ridOf } from '../../src/store/rid.ts';
import { writeCall } from '../../src/store/write-statement.ts';
import { writeOnce } from '../../src/store/writer.ts';
import { testDatabase, type TestDatabase } from '../../src/testing/postgres.ts';
import { refused } from '../outcomes.ts';
import { seeded } from '../seeded.ts';
import { found, noFence, openTestDatabase } from './rig.ts';

describe('the change feed', () => {
  let database: TestDatabase;
  let open: Database;
  before(async () => {
    database = await testDatabase();
    open = await openTestDatabase(database.serving, { HEDDLE__DATABASE__LANES__TRANSACTION: '16' });
  });
  after(async () => {
    await open.close();
    await database.drop();
  });

  let number = 0;
  const change = (name: string, rid: number, was: number): Change => ({
    ...{ type: 'Patient', id: name, rid, was, method: was === 0 ? 'POST' : 'PUT', deleted: false, tail: '}}' },
    ...{ ...found(), needs: [] },
  });
  const made = (name: string): Change => change(name, ridOf('Patient', ++number), 0);
  const write = (one: Change, tenant = 1): Promise<unknown> =>
    writeOnce({ lane: open.write, fence: noFence }, tenant, [one], true);

  /** Writes in a transaction that stays open until it is told to end. */
  const begun = async (...changes: readonly Change[]): Promise<(commit: boolean) => Promise<void>> => {
    let end: (commit: boolean) => void = () => {};
    const told = new Promise<boolean>((resolve) => {
      end = resolve;
    });
    let written: () => void = () => {};
    const wrote = new Promise<void>((resolve) => {
      written = resolve;
    });
    const done = open.transactions
      .transaction(1, async ({ run }) => {
        const { statement, values } = writeCall(changes, true);
        await run(statement, values);
        written();
        if (!(await told)) throw new RangeError('rolled back');
      })
      .catch((thrown: unknown) => {
        if (!(thrown instanceof RangeError)) throw thrown;
      });
    await Promise.race([wrote, done]);
    return async (commit) => {
      end(commit);
      await done;
    };
  };

  /** Follows the feed from a cursor: what came, and where it stands. */
  const follow = async (cursor: string, limit = 100, tenant = 1) => {
    const seen: string[] = [];
    let place = cursor;
    for (let more = true; more;) {
      const answer = await changesSince(open, tenant, place, limit);
      expect(answer.changes.length).to.be.at.most(limit);
      seen.push(...answer.changes.map(({ id, version }) => `${id}/${version}`));
      ({ cursor: place, more } = answer);
    }
    return { seen, cursor: place };
  };

  it('tells what has changed since, each once, and nothing of other tenants', async () => {
    const start = await changesFromNow(open);
    const [a, b] = [made('a'), made('b')];
    await write(a);
    await write(b);
    await write(made('theirs'), 2);
    await write(change('a', a.rid, 1));
    const first = await follow(start);
    expect(first.seen).to.deep.equal(['a/1', 'b/1', 'a/2']);
    expect((await follow(first.cursor)).seen).to.deep.equal([]);
    expect((await follow(start, 100, 2)).seen).to.deep.equal(['theirs/1']);
    const [one] = (await changesSince(open, 1, start, 1)).changes;
    expect(one).to.include({ type: 'Patient', id: 'a', version: 1, method: 'POST', deleted: false });
  });

  it('neither waits for a transaction that is still running nor passes over what it wrote', async () => {
    const start = await changesFromNow(open);
    const end = await begun(made('slow'));
    await write(made('quick'));
    const before = await follow(start);
    expect(before.seen).to.deep.equal(['quick/1']);
    await write(made('quicker'));
    const meanwhile = await follow(before.cursor);
    expect(meanwhile.seen).to.deep.equal(['quicker/1']);
    await end(true);
    const behind = await follow(meanwhile.cursor);
    expect(behind.seen).to.deep.equal(['slow/1']);
    expect((await follow(behind.cursor)).seen).to.deep.equal([]);
  });

  it('tells nothing of what was rolled back', async () => {
    const start = await changesFromNow(open);
    const end = await begun(made('undone'));
    const during = await follow(start);
    await end(false);
    await write(made('done'));
    expect((await follow(during.cursor)).seen).to.deep.equal(['done/1']);
  });

  it('keeps the versions of a resource in order where an older transaction wrote the later one', async () => {
    const start = await changesFromNow(open);
    const shared = made('shared');
    await write(shared);
    const gate = { open: () => {} };
    const opened = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    // Begins first and has its number first; writes its second change last.
    const older = open.transactions.transaction(1, async ({ run }) => {
      const first = writeCall([made('first')], true);
      await run(first.statement, first.values);
      await opened;
      const second = writeCall([change('shared', shared.rid, 2)], true);
      await run(second.statement, second.values);
    });
    await write(change('shared', shared.rid, 1));
    gate.open();
    await older;
    expect((await follow(start)).seen.filter((each) => each.startsWith('shared'))).to.deep.equal([
      'shared/1',
      'shared/2',
      'shared/3',
    ]);
  });

  it('goes on from a cursor in the middle of a window, whatever was written in between', async () => {
    const start = await changesFromNow(open);
    for (const name of ['m1', 'm2', 'm3']) await write(made(name));
    const first = await changesSince(open, 1, start, 2);
    expect([first.changes.map(({ id }) => id), first.more]).to.deep.equal([['m1', 'm2'], true]);
    await write(made('m4'));
    expect((await follow(first.cursor)).seen).to.deep.equal(['m3/1', 'm4/1'].slice(0, 1));
    const rest = await changesSince(open, 1, first.cursor, 2);
    expect((await follow(rest.cursor)).seen).to.deep.equal(['m4/1']);
  });

  it('tells all there is from its beginning, and refuses what is no cursor', async () => {
    const { seen } = await follow(beginningOfChanges, 3);
    expect(seen).to.include.members(['a/1', 'slow/1', 'shared/3', 'm4/1']);
    expect(new Set(seen).size).to.equal(seen.length);
    for (const bad of ['', 'x', '1:2', "1:2:'|1:2:", '1:2:|1:2:|a.b.c'])
      await refused(changesSince(open, 1, bad, 1), 400);
  });

  it('delivers each change once and in order, however transactions overlap', async () => {
    const { seed, whole, pick } = seeded();
    let cursor = await changesFromNow(open);
    const seen: string[] = [];
    const committed: string[] = [];
    const running: { end: (commit: boolean) => Promise<void>; names: string[]; rids: number[] }[] = [];
    const versions = new Map<number, { name: string; version: number }>();
    const locked = new Set<number>();
    for (let step = 0; step < 150; step++) {
      const act = whole(4);
      if (act < 2 && running.length < 10) {
        const free = [...versions.keys()].filter((rid) => !locked.has(rid));
        const old = free.length > 0 && whole(2) ? pick(free) : undefined;
        const known = old === undefined ? undefined : versions.get(old);
        const one = known ? change(known.name, old ?? 0, known.version) : made(`r${step}`);
        locked.add(one.rid);
        running.push({ end: await begun(one), names: [`${one.id}/${one.was + 1}`], rids: [one.rid] });
      } else if (act === 2 && running.length > 0) {
        const [ended] = running.splice(whole(running.length), 1);
        const commit = whole(4) > 0;
        await ended?.end(commit);
        for (const rid of ended?.rids ?? []) locked.delete(rid);
        if (!commit || !ended) continue;
        committed.push(...ended.names);
        for (const [place, rid] of ended.rids.entries()) {
          const [name = '', version] = (ended.names[place] ?? '').split('/');
          versions.set(rid, { name, version: Number(version) });
        }
      } else {
        const answer = await changesSince(open, 1, cursor, 1 + whole(3));
        seen.push(...answer.changes.map(({ id, version }) => `${id}/${version}`));
        ({ cursor } = answer);
      }
    }
    for (const { end } of running) await end(false);
    // To the end of the window that the cursor stands in, and what came after it.
    const rest = await follow(cursor, 2);
    seen.push(...rest.seen, ...(await follow(rest.cursor, 2)).seen);
    expect(seen.toSorted(), `seed ${seed}`).to.deep.equal(committed.toSorted());
    for (const { name, version } of versions.values())
      expect(
        seen.filter((each) => each.startsWith(`${name}/`)),
        `seed ${seed}`,
      ).to.deep.equal(Array.from({ length: version }, (_, place) => `${name}/${place + 1}`));
  }).timeout(30_000);
});
