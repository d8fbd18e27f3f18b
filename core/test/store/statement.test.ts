import { expect } from 'chai';
import { reads, writes } from '../../src/store/statement.ts';

const good = [
  'select 1 from resource where tenant = $1 and id = $2',
  'insert into resource (tenant, id) values ($1, $2)',
  'insert into resource (tenant, id) select $1, id from unnest($2::text[]) id',
  'select a.id from resource a join patient_code b on b.tenant = $1 and a.id = b.id where a.tenant = $1',
  'update resource set tail = $3 where tenant = $1 and id = $2',
  'with old as (select id from resource where tenant = $1 for update) update resource set tail = $2 from old where resource.tenant = $1',
  'insert into resource (tenant, id) values ($1, $2) on conflict (id) do update set tail = excluded.tail',
  'select (extract(epoch from updated))::int8 from resource where tenant = $1',
];

const bad: readonly (readonly [text: string, reason: RegExp])[] = [
  ['select 1 from resource where id = $1', /without binding/],
  ['select 1 from resource where tenant = $2', /without binding/],
  ['insert into resource (id, tenant) values ($1, $2)', /without binding/],
  ['insert into resource (tenant, id) values ($2, $1)', /without binding/],
  ['insert into resource (tenant, id) select tenant, id from resource where tenant = $1', /without binding/],
  ['select a.id from resource a join patient_code b on a.id = b.id where a.tenant = $1', /without binding/],
  ['delete from resource where id = $2', /without binding/],
  ['delete from resource a using resource b where a.tenant = $1', /without binding/],
  ['with old as (select id from resource) update resource set tail = $2 from old where tenant = $1', /without binding/],
  ['select 1 from resource where tenant = $1 or true', /an or/],
  ['select 1 from resource a, resource b where a.tenant = $1', /join by comma/],
  ['select 1 from resource -- tenant = $1', /a comment/],
  ['select 1 from resource /* tenant = $1 */', /a comment/],
  ['select 1 from resource a join "resource" b on true where a.tenant = $1', /a quoted name/],
  ["select set_config('heddle.tenant', '2', false) from resource where tenant = $1", /a literal/],
  ['select set_config($2, $3, false) from resource where tenant = $1', /change of settings/],
];

describe('a statement', () => {
  for (const text of good)
    it(`is taken: ${text}`, () => {
      expect(writes('x', text).text).to.equal(text);
    });

  for (const [text, reason] of bad)
    it(`is refused, because its tenant is not seen to be bound: ${text}`, () => {
      expect(() => writes('x', text)).to.throw(TypeError, reason);
    });

  it('that is said to read may neither write nor call what might', () => {
    expect(reads('x', 'select count(*) from resource where tenant = $1').writes).to.equal(false);
    for (const text of [
      'delete from resource where tenant = $1',
      'select nextval($2) from resource where tenant = $1',
      'select wipe() from resource where tenant = $1',
    ])
      expect(() => reads('x', text), text).to.throw(TypeError, 'is said to read');
  });
});
