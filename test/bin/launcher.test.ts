/** Proves how the launcher hands over to the kernel: which Node, which arguments, which end; with a stand-in for the kernel. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../core/test/eventually.ts';
import { planted } from '../layers/planted.ts';

const standIn = `
  export const main = async (args) => {
    const signals = args[0] === 'serve' ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : [];
    const signalled = new Promise((end) => signals.forEach((name) => process.on(name, end)));
    console.log(JSON.stringify({ args, cwd: process.cwd(), pid: process.pid }));
    if (args[0] === 'die') process.kill(process.pid, 'SIGKILL');
    if (args[0] !== 'serve') return Number(args[0]);
    const busy = setInterval(() => {}, 1000);
    const signal = await signalled;
    clearInterval(busy);
    console.log(signal);
    return 7;
  };
`;

const nodeBrought = `node_modules/node-linux-${process.arch}/bin/node`;
const asIf = (version: string): string[] => [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`,
];
const today: string[] = [];

describe('the launcher', () => {
  const house = planted({
    'package-lock.json': '{"packages":{"":{}}}',
    'node_modules/.package-lock.json': '{"packages":{}}',
    'core/src/boot/cli.ts': standIn,
    'a folder/.keep': '',
  });
  const root = `${house.root} with spaces`;
  before(() => {
    cpSync(house.root, root, { recursive: true });
    cpSync(join(import.meta.dirname, '../../bin'), join(root, 'bin'), { recursive: true });
    mkdirSync(join(root, nodeBrought, '..'), { recursive: true });
    symlinkSync(process.execPath, join(root, nodeBrought));
  });
  after(() => {
    rmSync(root, { recursive: true });
    house.uproot();
  });

  const launch = (node: readonly string[], ...args: string[]): ChildProcess & { readonly said: () => string } => {
    const child = spawn(process.execPath, [...node, join(root, 'bin/heddle.js'), ...args], {
      cwd: join(root, 'a folder'),
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
    return Object.assign(child, { said: () => said });
  };
  const ends = async (child: ChildProcess): Promise<unknown[]> => (await once(child, 'close')) as unknown[];
  const serving = async (node: readonly string[]): Promise<{ child: ReturnType<typeof launch>; kernel: number }> => {
    const child = launch(node, 'serve');
    await eventually(async () => expect(child.said()).to.include('"pid"'));
    return { child, kernel: (JSON.parse(child.said()) as { pid: number }).pid };
  };

  it('runs the kernel in its own process under a Node that can', async () => {
    const { child, kernel } = await serving(today);
    expect(kernel).to.equal(child.pid);
    child.kill('SIGTERM');
    expect(await ends(child)).to.deep.equal([7, null]);
  });

  for (const [how, node] of [
    ['here', today],
    ['under the Node that was brought', asIf('20.19.0')],
  ] as const)
    it(`hands on arguments, folder and exit code ${how}`, async () => {
      const child = launch(node, '5', 'a b', '--c=$d');
      expect(await ends(child)).to.deep.equal([5, null]);
      expect(JSON.parse(child.said()))
        .to.include({ cwd: join(root, 'a folder') })
        .and.to.deep.include({ args: ['5', 'a b', '--c=$d'] });
    });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    it(`forwards ${signal} and waits for the kernel to end`, async () => {
      const { child, kernel } = await serving(asIf('20.19.0'));
      expect(kernel).to.not.equal(child.pid);
      child.kill(signal);
      expect(await ends(child)).to.deep.equal([7, null]);
      expect(child.said()).to.include(signal);
    });

  it('dies by the signal by which the kernel died', async () => {
    expect(await ends(launch(asIf('20.19.0'), 'die'))).to.deep.equal([null, 'SIGKILL']);
  });

  it('leaves no kernel behind when it is killed itself', async () => {
    const { child, kernel } = await serving(asIf('20.19.0'));
    child.kill('SIGKILL');
    await ends(child);
    await eventually(async () => expect(() => process.kill(kernel, 0)).to.throw(/ESRCH/));
  });

  it('refuses a Node that is too old, and says what to do', async () => {
    for (const version of ['18.20.4', '20.18.3']) {
      const child = launch(asIf(version), '0');
      expect(await ends(child)).to.deep.equal([1, null]);
      expect(child.said()).to.match(/needs 20\.19 or newer.*\nInstall a newer Node/);
    }
  });

  it('asks for Node 24 on a platform for which none is brought', async () => {
    const elsewhere = `data:text/javascript,Object.defineProperty(process,'platform',{value:'sunos'});process.env.PATH=''`;
    const child = launch([...asIf('22.20.0'), '--import', elsewhere], '0');
    expect(await ends(child)).to.deep.equal([1, null]);
    expect(child.said()).to.match(/Node 22\.20\.0 on sunos .* no Node comes with Heddle\. Install Node 24\.15/);
  });
});
