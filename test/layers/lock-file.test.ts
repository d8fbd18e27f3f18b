/** Proves that a lock file with gaps is noticed and filled so that npm ci takes it on every platform. */
import { expect } from 'chai';
import { gaps, withoutGaps, type Lock } from './lock-file.ts';

const lock: Lock = {
  packages: {
    '': { optionalDependencies: { 'old-server-arm64': 'npm:@server/linux-arm64@14.1.0' } },
    'node_modules/tool': {
      dev: true,
      optionalDependencies: {
        '@tool/darwin-x64': '1.0.0',
        '@tool/linux-x64-musl': '1.0.0',
        '@tool/linux-x64-gnu': '1.0.0',
      },
    },
    'node_modules/tool/node_modules/@tool/linux-x64-gnu': { version: '1.0.0' },
  },
};

describe('the lock file', () => {
  it('has a gap where a package for another platform is named and not locked', () => {
    expect(gaps(lock).map(({ name }) => name)).to.deep.equal([
      'old-server-arm64',
      '@tool/darwin-x64',
      '@tool/linux-x64-musl',
    ]);
  });

  it('has none after it was filled, and says which platform each package is for', () => {
    const { packages } = withoutGaps(lock);
    expect(gaps({ packages })).to.deep.equal([]);
    expect(packages['node_modules/@tool/darwin-x64']).to.deep.equal({
      version: '1.0.0',
      cpu: ['x64'],
      dev: true,
      optional: true,
      os: ['darwin'],
    });
    expect(packages['node_modules/@tool/linux-x64-musl']).to.deep.include({ os: ['linux'], libc: ['musl'] });
    expect(packages['node_modules/old-server-arm64']).to.deep.include({
      name: '@server/linux-arm64',
      version: '14.1.0',
      cpu: ['arm64'],
    });
  });

  it('is not filled with a guess', () => {
    const named = (name: string, version: string): Lock => ({
      packages: { '': { optionalDependencies: { [name]: version } } },
    });
    expect(() => withoutGaps(named('anything', '1.0.0'))).to.throw(/neither its platform nor its version/);
    expect(() => withoutGaps(named('@tool/linux-x64', '^1.0.0'))).to.throw(/neither its platform nor its version/);
  });
});
