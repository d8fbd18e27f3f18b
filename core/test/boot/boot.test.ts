import { expect } from 'chai';
import { z } from 'zod';
import { bodyOf } from '../../src/fhir/body.ts';
import { definePlugin, type Plugin } from '../../src/plugin/define.ts';
import { serviceRef } from '../../src/registry/ref.ts';
import { startTestServer } from '../../src/testing/server.ts';
import { refused } from '../outcomes.ts';
import { sql } from '../store/rig.ts';

interface Greeter {
  readonly greet: (name: string) => string;
}
const greeterRef = serviceRef<Greeter>('greeter.greeter');

const start = async (...plugins: readonly Plugin[]): Promise<void> => {
  const server = await startTestServer({ plugins });
  await server.close();
};

describe('boot', () => {
  it('sets plugins up in order, with settings, services and the line, and closes them in reverse', async () => {
    const order: string[] = [];
    const greeter = definePlugin({
      name: 'greeter',
      version: '1.0.0',
      config: z.object({ word: z.string().default('hello') }),
      setup: ({ config, provide, onClose }) => {
        order.push('greeter up');
        provide(greeterRef, { greet: (name) => `${config.word} ${name}` });
        onClose(() => void order.push('greeter down'));
      },
    });
    let read: () => Promise<unknown> = async () => undefined;
    const guest = definePlugin({
      name: 'guest',
      version: '1.0.0',
      requires: { core: '^0.1.0', greeter: '^1' },
      needs: { greeter: greeterRef },
      operations: [
        {
          name: 'greet',
          definition: 'https://heddle.example/OperationDefinition/greet',
          levels: ['system', 'type'],
          run: async ({ type }) => ({
            resourceType: 'Parameters',
            parameter: [{ name: 'to', valueString: type ?? 'all' }],
          }),
        },
      ],
      setup: ({ services, fhir, onClose }) => {
        order.push(services.greeter.greet('guest'));
        const caller = { tenant: 1, tenantName: 'hospital', subject: 'x', kind: 'user', roles: ['admin'] } as const;
        read = () =>
          fhir
            .as(caller)
            .perform({ verb: 'create', type: 'Basic', body: bodyOf({ resourceType: 'Basic', code: { text: 'x' } }) });
        onClose(() => void order.push('guest down'));
      },
    });
    const server = await startTestServer({
      plugins: [guest, greeter],
      environment: { HEDDLE__PLUGINS__GREETER__WORD: 'welcome' },
    });
    expect(await read()).to.have.property('status', 201);
    const statement = (await (await fetch(`${server.url}/fhir/metadata`)).json()) as {
      rest: { operation: { name: string }[]; resource: { operation?: { name: string }[] }[] }[];
    };
    expect(statement.rest[0]?.operation.map(({ name }) => name)).to.deep.equal(['versions', 'graphql', 'greet']);
    expect(statement.rest[0]?.resource[0]?.operation?.map(({ name }) => name)).to.deep.equal([
      'greet',
      'graphql',
      'status',
      'break-the-glass',
    ]);
    const greeted = await (await server.as('admin')).send('GET', '/fhir/Patient/$greet');
    expect(await greeted.json()).to.deep.equal({
      resourceType: 'Parameters',
      parameter: [{ name: 'to', valueString: 'Patient' }],
    });
    expect(server.lines.join('\n')).to.match(
      /setup +\d+ ms\n {2}├ greeter +\d+ ms\n {2}├ guest +\d+ ms\n {2}└ portal +\d+ ms/,
    );
    expect(server.lines.at(-1)).to.equal(`heddle ready ${server.url}`);
    await server.close();
    expect(order).to.deep.equal(['greeter up', 'welcome guest', 'guest down', 'greeter down']);
  });

  it('names the part that failed, and leaves no connection behind', async () => {
    const faulty = definePlugin({
      name: 'faulty',
      version: '1.0.0',
      setup: () => Promise.reject(new TypeError('no such instrument')),
    });
    await refused(start(faulty), 500, /^part 'faulty': no such instrument$/);
  });

  it('does not wait for ever for a plugin', async function () {
    this.timeout(15_000);
    const sleepy = definePlugin({ name: 'sleepy', version: '1.0.0', setup: () => new Promise<void>(() => {}) });
    await refused(start(sleepy), 500, /part 'sleepy': plugin 'sleepy' was not set up within 10 s/);
  });

  it('names both owners of a contribution, and every fault at once', async () => {
    const site = { path: '/', folder: import.meta.dirname };
    const outcome = await refused(start(definePlugin({ name: 'a', version: '1.0.0', sites: [site] })), 500);
    expect(outcome.message).to.contain("site '/' is contributed by 'a' and by 'portal'");
    const several = await refused(
      start(definePlugin({ name: 'b', version: '1.0.0', requires: { c: '^1', core: '^9' } })),
      500,
    );
    expect(several.issues).to.have.length(2);
  });

  it('lets a plugin provide only what carries its name, and need only what was provided', async () => {
    await refused(
      start(
        definePlugin({
          name: 'thief',
          version: '1.0.0',
          setup: ({ provide }) => provide(greeterRef, { greet: () => '' }),
        }),
      ),
      500,
      /is named after 'greeter'/,
    );
    const idle = definePlugin({ name: 'greeter', version: '1.0.0' });
    const guest = definePlugin({
      name: 'guest',
      version: '1.0.0',
      requires: { greeter: '^1' },
      needs: { greeter: greeterRef },
    });
    await refused(start(idle, guest), 500, /no plugin provided it/);
  });

  it('ends a running node when a later, breaking release has changed the database', async () => {
    const server = await startTestServer();
    const ledger = (id: string, breaking: boolean) =>
      sql(
        server.database.owner,
        `insert into heddle.migration values ('core', '${id}', 'x', ${breaking})`,
        `select pg_notify('heddle', 'migrated')`,
      );
    await ledger('900-harmless', false);
    await ledger('901-breaking', true);
    const { eventually } = await import('../eventually.ts');
    await eventually(async () => expect(server.fatal.join()).to.match(/later release \(core 901-breaking\)/));
    await server.close();
  });
});
