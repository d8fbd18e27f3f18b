import { expect } from 'chai';
import { statement } from '../../src/store/statement.ts';

const good = [
  'select 1 from resource where tenant = $1 and id = $2',
  'insert into resource (tenant, id) values ($1, $2)',
  'select a.id from resource a join patient_code b on b.tenant = $1 and a.id = b.id where a.tenant = $1',
  'update resource set tail = $3 where tenant = $1 and id = $2',
  'with old as (select id from resource where tenant = $1 for update) update resource set tail = $2 from old where resource.tenant = $1',
  'insert into resource (tenant, id) values ($1, $2) on conflict (id) do update set tail = excluded.tail',
  'select (extract(epoch from updated))::int8 from resource where tenant = $1',
];

const bad = [
  'select 1 from resource where id = $1',
  'select 1 from resource where tenant = $2',
  'insert into resource (id, tenant) values ($1, $2)',
  'select a.id from resource a join patient_code b on a.id = b.id where a.tenant = $1',
  'delete from resource where id = $2',
  'with old as (select id from resource) update resource set tail = $2 from old where tenant = $1',
];

describe('a statement', () => {
  for (const text of good)
    it(`is taken: ${text}`, () => {
      expect(statement('x', text).text).to.equal(text);
    });

  for (const text of bad)
    it(`is refused, because it leaves the tenant to the setting: ${text}`, () => {
      expect(() => statement('x', text)).to.throw(TypeError, 'without binding its tenant');
    });
});
