import { expect } from 'chai';
import { startTestServer, type TestServer } from '@heddle/core/testing';
import { parseBody, textOf, type Caller } from '@heddle/core';
import { resourceTypes } from '../../core/src/fhir/resource-types.ts';

/** Every type through the line in process; one in ten over HTTP as well, so that the door is seen to do the same. */
describe('each of the 146 types', () => {
  let server: TestServer;
  let caller: Caller;
  before(async () => {
    server = await startTestServer();
    caller = await server.caller('admin');
  });
  after(() => server.close());

  const textFor = (type: string): string =>
    `{"resourceType":"${type}","id":"ignored","meta":{"tag":[{"code":"${type}"}],"versionId":"9"},"extension":[{"url":"urn:x","valueDecimal":1.0${type.length}0}]}`;

  for (const type of resourceTypes)
    it(`${type} is created and read back whole`, async () => {
      const created = await server.perform({ verb: 'create', type, body: parseBody(textFor(type)), caller });
      if (!('stored' in created)) return expect.fail('no resource');
      const { id } = created.stored;
      const read = await server.perform({ verb: 'read', type, id, caller });
      if (!('stored' in read)) return expect.fail('no resource');
      const text = textOf(read.stored);
      expect(text).to.equal(textOf(created.stored));
      expect(text).to.match(
        new RegExp(
          `^\\{"resourceType":"${type}","id":"${id}","meta":\\{"versionId":"1","lastUpdated":"[^"]+","tag":\\[\\{"code":"${type}"\\}\\]\\},`,
        ),
      );
      expect(text).to.contain(`"valueDecimal":1.0${type.length}0}`);
    });

  for (const type of resourceTypes.filter((_, place) => place % 10 === 0))
    it(`${type} does so over HTTP`, async () => {
      const admin = await server.as('admin');
      const created = await admin.send('POST', `/fhir/${type}`, textFor(type));
      expect(created.status).to.equal(201);
      const read = await admin.send(
        'GET',
        new URL(created.headers.get('location') ?? '').pathname.replace(/\/_history\/1$/, ''),
      );
      expect(await read.text()).to.equal(await created.text());
    });
});
