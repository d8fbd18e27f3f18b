import { expect } from 'chai';
import { z } from 'zod';
import { checkAndOrder } from '../../src/boot/order.ts';
import { definePlugin } from '../../src/plugin/define.ts';
import { serviceRef } from '../../src/registry/ref.ts';

const core = definePlugin({ name: 'core', version: '1.4.0' });
const plugin = (name: string, requires: Record<string, string> = {}) =>
  definePlugin({ name, version: '1.0.0', requires });
const names = ({ checked }: ReturnType<typeof checkAndOrder>) => checked.map((each) => each.plugin.name);

describe('plugins', () => {
  it('come in the order of what they require, ties by name, core first', () => {
    const result = checkAndOrder(
      core,
      [plugin('zebra'), plugin('ant', { bee: '^1' }), plugin('cat'), plugin('bee', { zebra: '^1', core: '^1' })],
      {},
    );
    expect(result.faults).to.deep.equal([]);
    expect(names(result)).to.deep.equal(['core', 'cat', 'zebra', 'bee', 'ant']);
  });

  it('are told all their faults together, each with its remedy', () => {
    const lab = definePlugin({
      name: 'lab',
      version: '1.0.0',
      requires: { core: '^2', bees: '^1', ant: 'latest one' },
      needs: { pricing: serviceRef('billing.pricing') },
      config: z.strictObject({ hours: z.number() }),
    });
    const { faults } = checkAndOrder(core, [lab, plugin('bee'), plugin('ant')], {
      lab: { hours: 'x', our: 1 },
      bee: { colour: 1 },
    });
    const all = faults.join('\n');
    expect(all).to.contain("'lab' requires core ^2, and 1.4.0 is installed");
    expect(all).to.contain("requires 'bees', which is not configured (did you mean 'bee'?)");
    expect(all).to.contain("'latest one', which is no version range");
    expect(all).to.contain("needs service 'billing.pricing' and does not require 'billing'");
    expect(all).to.match(/plugins\.lab\.hours: /);
    expect(all).to.match(/plugins\.bee: .*colour/);
  });

  it('may not require each other in a circle', () => {
    const { faults } = checkAndOrder(core, [plugin('a', { b: '^1' }), plugin('b', { a: '^1' })], {});
    expect(faults.join()).to.contain('circle: a, b');
  });

  it('get their settings with the defaults of their schema', () => {
    const lab = definePlugin({ name: 'lab', version: '1.0.0', config: z.object({ hours: z.number().default(24) }) });
    expect(checkAndOrder(core, [lab], { lab: null }).checked[1]?.config).to.deep.equal({ hours: 24 });
  });
});
