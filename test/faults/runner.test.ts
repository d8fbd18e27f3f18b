/** Proves that the test runner counts what goes wrong with a test process itself, and not only with tests. */
import { expect } from 'chai';
import { planted } from '../layers/planted.ts';
import { runMocha, type Tally } from '../run/mocha.ts';
import { suites } from '../run/suites.ts';
import { summary } from '../run/summary.ts';

const cannotRun = new URL('../cannot-run.ts', import.meta.url).href;
const suite = { name: 'planted', budgetSeconds: 10, quick: false, files: ['**/*.test.ts'], timeoutSeconds: 1 };

const tallyOf = async (...tests: string[]): Promise<Tally> => {
  const { root, uproot } = planted({ 'a.test.ts': ["describe('a thing', () => {", ...tests, '});'].join('\n') });
  try {
    return await runMocha({ root, suite, shown: false });
  } finally {
    uproot();
  }
};

const passes = "it('stands', () => {});";
const fails = "it('falls', () => { throw new Error('down'); });";

describe('the test runner', () => {
  it('counts what passed and names what failed', async () => {
    const { passed, failures } = await tallyOf(passes, fails);
    expect({ passed, failures }).to.deep.equal({ passed: 1, failures: ['a thing › falls'] });
  });

  it('counts a hook that throws', async () => {
    const { failures } = await tallyOf("before(() => { throw new Error('down'); });", passes);
    expect(failures).to.deep.equal(['a thing › "before all" hook for "stands"']);
  });

  it('counts a rejection that nobody awaited', async () => {
    const { failures } = await tallyOf(
      "it('rests', async () => { void Promise.reject(new Error('lost')); await new Promise((done) => setTimeout(done, 50)); });",
    );
    expect(failures).to.deep.equal(['a thing › rests']);
  });

  for (const how of ["process.kill(process.pid, 'SIGKILL')", 'process.exit(0)'])
    it(`counts a process that ends early by ${how}`, async () => {
      const { passed, failures } = await tallyOf(passes, `it('ends', () => { ${how}; });`);
      expect(passed).to.equal(1);
      expect(failures).to.have.lengthOf(1);
      expect(failures[0]).to.match(/ended early .* in or after "a thing › ends"/);
    });

  it('counts a file that cannot be read', async () => {
    expect((await tallyOf('this is no TypeScript')).failures[0]).to.match(/ended early .* before the first test/);
  });

  it('refuses tests that are singled out or pending', async () => {
    expect((await tallyOf("it.only('one', () => {});")).failures).to.have.lengthOf(1);
    expect((await tallyOf("it('some day');")).failures).to.have.lengthOf(1);
  });

  it('names what is still open after the last test', async () => {
    const { failures } = await tallyOf(
      "it('listens', () => { process.getBuiltinModule('net').createServer().listen(0); });",
    );
    expect(failures).to.deep.equal(['still open 5 s after the last test: TCPServerWrap']);
  });

  it('kills and counts processes that the tests left behind', async () => {
    const spawn = "process.getBuiltinModule('child_process').spawn('sleep', ['60'], { stdio: 'ignore' }).unref()";
    expect((await tallyOf(`it('spawns', () => { ${spawn}; });`)).failures).to.deep.equal([
      'the tests left processes behind, which were killed',
    ]);
  });

  it('tells what could not run here, and counts it as nothing', async () => {
    const told = `it('waits', async () => { (await import('${cannotRun}')).notRun('the moon', 'it is day'); });`;
    const { passed, notRun } = await tallyOf(told);
    expect({ passed, notRun }).to.deep.equal({ passed: 1, notRun: [{ what: 'the moon', why: 'it is day' }] });
  });
});

describe('the end of a test run', () => {
  const tally = { passed: 2, failures: [], notRun: [], seconds: 1, wasStopped: false };
  const [first = suite] = suites;
  const lastLine = (text: string): string | undefined => text.split('\n').at(-1);

  it('is a blank line and the totals alone on the last', () => {
    const { text } = summary([{ suite: first, tally: { ...tally, failures: ['x'] } }, { suite }], false);
    expect(text.split('\n').slice(-2)).to.deep.equal(['', '2 passed, 1 failed']);
    expect(text).to.include('planted         no tests yet');
  });

  it('shows a suite over its budget, and fails one over twice of it', () => {
    const late = summary([{ suite, tally: { ...tally, seconds: 11 } }], false);
    const tooLate = summary([{ suite, tally: { ...tally, seconds: 21 } }], false);
    expect(late.text).to.include('over its budget');
    expect([lastLine(late.text), lastLine(tooLate.text)]).to.deep.equal(['2 passed, 0 failed', '2 passed, 1 failed']);
  });

  it('says so when nothing ran', () => {
    expect(summary([{ suite }], false).text).to.include('nothing ran');
  });
});
