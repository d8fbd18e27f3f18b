import { expect } from 'chai';
import { startTestServer, type TestServer } from '@heddle/core/testing';
import { parseBody, textOf, type Caller } from '@heddle/core';
import { resourceTypes } from '../../core/src/fhir/resource-types.ts';
import { maker } from '../../core/test/fhir/structure/made.ts';
import { seeded } from '../../core/test/seeded.ts';

/** Every type through the line in process; one in ten over HTTP as well, so that the door is seen to do the same. */
describe('each of the 146 types', () => {
  let server: TestServer;
  let caller: Caller;
  const chance = seeded();
  const { resource } = maker(chance);
  before(async () => {
    // What is made by chance refers to resources that nobody made.
    server = await startTestServer({ environment: { HEDDLE__FHIR__REFERENCES__MUST_EXIST: 'false' } });
    caller = await server.caller('admin');
  });
  after(() => server.close());

  const textFor = (type: string): string => {
    const { resourceType: _type, id: _id, meta: _meta, extension: _extension, ...rest } = resource(type);
    // An active one would be searched by, and what is made by chance cannot be.
    const written = type === 'SearchParameter' ? { ...rest, status: 'draft' } : rest;
    const members = JSON.stringify(written).slice(1, -1);
    return `{"resourceType":"${type}","id":"ignored","meta":{"tag":[{"code":"${type}"}],"extension":[{"url":"urn:x","valueDecimal":1.0${type.length}0}],"versionId":"9"}${members && `,${members}`}}`;
  };

  for (const type of resourceTypes)
    it(`${type} is created, read back whole, changed and deleted`, async () => {
      const sent = textFor(type);
      const told = `seed ${chance.seed}: ${sent}`;
      const created = await server.perform({ verb: 'create', type, body: parseBody(sent), caller });
      if (!('stored' in created) || !created.stored) return expect.fail('no resource');
      const { id } = created.stored;
      const read = await server.perform({ verb: 'read', type, id, caller });
      if (!('stored' in read) || !read.stored) return expect.fail('no resource');
      const text = textOf(read.stored);
      expect(text, told).to.equal(textOf(created.stored));
      expect(text, told).to.match(
        new RegExp(
          `^\\{"resourceType":"${type}","id":"${id}","meta":\\{"versionId":"1","lastUpdated":"[^"]+","tag":\\[\\{"code":"${type}"\\}\\],"extension":`,
        ),
      );
      expect(text, told).to.contain(`"valueDecimal":1.0${type.length}0}`);
      expect(JSON.parse(text), told).to.deep.include(
        (({ id: _id, meta: _meta, ...rest }) => rest)(JSON.parse(sent) as { id: string; meta: unknown }),
      );
      const next = textFor(type).replace('"ignored"', `"${id}"`);
      const updated = await server.perform({ verb: 'update', type, id, body: parseBody(next), caller });
      expect(updated.status, `seed ${chance.seed}: ${next}`).to.equal(200);
      expect((await server.perform({ verb: 'delete', type, id, caller })).status).to.equal(204);
    });

  for (const type of resourceTypes.filter((_, place) => place % 10 === 0))
    it(`${type} does so over HTTP`, async () => {
      const admin = await server.as('admin');
      const created = await admin.send('POST', `/fhir/${type}`, textFor(type));
      expect(created.status, `seed ${chance.seed}`).to.equal(201);
      const read = await admin.send(
        'GET',
        new URL(created.headers.get('location') ?? '').pathname.replace(/\/_history\/1$/, ''),
      );
      expect(await read.text()).to.equal(await created.text());
    });
});
