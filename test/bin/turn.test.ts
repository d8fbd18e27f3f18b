/** Proves that one process at a time installs, and that the dead do not stand in the way. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';
import { expect } from 'chai';
import { takeTurn } from '../../bin/turn.js';
import { planted } from '../layers/planted.ts';

const contest = `
  const { takeTurn } = await import(process.argv[1]);
  const { appendFileSync } = await import('node:fs');
  const [folder, log] = process.argv.slice(2);
  const turn = await takeTurn(folder, () => {});
  appendFileSync(log, 'in ');
  await new Promise((done) => setTimeout(done, 20));
  appendFileSync(log, 'out ');
  turn.release();
`;
const module = new URL('../../bin/turn.js', import.meta.url).href;
const never = (pid: number): void => expect.fail(`waits for ${pid}`);

describe('a turn', () => {
  let house: ReturnType<typeof planted>;
  const folder = (): string => join(house.root, 'turns');
  beforeEach(() => (house = planted({ 'turns/.keep': '', log: '' })));
  afterEach(() => house.uproot());

  it('is taken by one at a time', async () => {
    const log = join(house.root, 'log');
    const args = ['--input-type=module', '-e', contest, module, folder(), log];
    const contestants = Array.from({ length: 4 }, () => spawn(process.execPath, args, { stdio: 'inherit' }));
    const codes = await Promise.all(contestants.map(async (child) => (await once(child, 'close')) as unknown));
    expect(codes).to.deep.equal(contestants.map(() => [0, null]));
    expect(readFileSync(log, 'utf8')).to.equal('in out '.repeat(4));
  });

  it('is not held by the dead, nor by a later process that has the number of a dead one', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    const dead = child.pid;
    await once(child, 'close');
    for (const name of [`${dead}-1.ticket`, `${process.pid}-1.ticket`]) writeFileSync(join(folder(), name), '');
    const turn = await takeTurn(folder(), never);
    expect(readdirSync(folder()).filter((name) => name.endsWith('.ticket'))).to.have.lengthOf(1);
    turn.release();
    expect(readdirSync(folder())).to.deep.equal(['.keep']);
  });

  it('lasts as long as a child that it is shared with, whoever is gone', async () => {
    const child = spawn('sleep', ['30']);
    const turn = await takeTurn(folder(), never);
    turn.share(child.pid);
    const own = readdirSync(folder()).find((name) => name.startsWith(`${process.pid}-`));
    expect(own).to.not.equal(undefined);
    rmSync(join(folder(), own ?? ''));

    let waitsFor: number | undefined;
    const next = takeTurn(folder(), (pid: number) => (waitsFor = pid));
    await breath();
    expect(waitsFor).to.equal(child.pid);
    child.kill('SIGKILL');
    (await next).release();
  });
});
