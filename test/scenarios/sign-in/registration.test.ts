import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SMTPServer } from 'smtp-server';
import { eventually } from '../../../core/test/eventually.ts';
import type { TestCaller } from '../../../core/src/testing/server.ts';
import { formsOf, type Page } from './browser.ts';
import { embedded, type EmbeddedUnderTest } from './embedded.ts';
import { browserAt, byPassword, claimsOf } from './provider.ts';

const password = 'a long pass phrase';

describe('registering oneself', () => {
  let provider: EmbeddedUnderTest;
  let post: SMTPServer;
  let staff: TestCaller;
  const letters: string[] = [];
  before(async () => {
    post = new SMTPServer({
      ...{ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], logger: false },
      onData: (stream, _session, done) => {
        let letter = '';
        stream.on('data', (chunk: Buffer) => void (letter += chunk.toString()));
        stream.on('end', () => {
          letters.push(letter.replace(/=\r\n/g, '').replaceAll('=3D', '='));
          done();
        });
      },
    });
    await new Promise<void>((resolve) => void post.listen(0, '127.0.0.1', resolve));
    const { port } = post.server.address() as AddressInfo;
    provider = await embedded({ HEDDLE__MAIL__SMTP: `smtp://127.0.0.1:${port}` });
    staff = await provider.server.as('receptionist');
  });
  after(async () => {
    await provider?.close();
    await new Promise<void>((resolve) => post.close(() => resolve()));
  });

  const person = { first: 'Zoë', last: 'Müller', birthDate: '1990-02-28', number: '', password };
  const page = (): string => `${provider.issuer}/register`;
  const apply = async (fields: Record<string, string>): Promise<Page> => {
    const browser = browserAt(provider);
    return browser.submit(await browser.get(page()), 'email', { ...person, ...fields });
  };
  /** The letter to an address, once it is there. */
  const letterTo = async (email: string): Promise<string> => {
    let found = '';
    await eventually(async () => {
      found = letters.findLast((letter) => letter.includes(`To: ${email}`)) ?? '';
      expect(found).to.not.equal('');
    });
    return found;
  };
  const confirm = async (email: string): Promise<Page> => {
    const [link = ''] = /http\S+\?confirm=\S+/.exec(await letterTo(email)) ?? [];
    const browser = browserAt(provider);
    return browser.submit(await browser.get(link), 'confirm', {});
  };
  const record = async (number: string, more: object = {}): Promise<string> => {
    const answer = await staff.send('POST', '/fhir/Patient', {
      ...{ resourceType: 'Patient', birthDate: person.birthDate },
      ...{ name: [{ family: 'MULLER', given: ['Zoe'] }], identifier: [{ system: 'urn:h', value: number }], ...more },
    });
    return ((await answer.json()) as { id: string }).id;
  };
  const patients = async (): Promise<number> => {
    const answer = await staff.send('GET', '/fhir/Patient?_summary=count');
    return ((await answer.json()) as { total: number }).total;
  };

  it('makes an account and a record once the address is proven, not before, and the login is that record’s', async () => {
    const before = await patients();
    const said = await apply({ email: 'zoe@example.org' });
    expect([said.status, said.text.includes('Look into your letters')]).to.deep.equal([200, true]);
    await letterTo('zoe@example.org');
    expect(await byPassword(provider, 'zoe@example.org', { password })).to.include({ status: 400 });
    expect(await patients()).to.equal(before);
    expect((await confirm('zoe@example.org')).status).to.equal(200);
    const tokens = await byPassword(provider, 'zoe@example.org', { password });
    const { fhirUser, realm_access: access } = claimsOf(tokens.access_token);
    expect(access).to.deep.equal({ roles: ['patient'] });
    const made = (await (await staff.send('GET', `/fhir/${String(fhirUser)}`)).json()) as Record<string, unknown>;
    expect(made).to.deep.include({ birthDate: person.birthDate, name: [{ family: 'Müller', given: ['Zoë'] }] });
    expect((await confirm('zoe@example.org')).text, 'the link again').to.contain('used already');
  });

  it('finds the record by its number, birth date and name, without a second record', async () => {
    const id = await record('MRN-1');
    const before = await patients();
    await apply({ email: 'matched@example.org', number: 'MRN-1' });
    expect((await confirm('matched@example.org')).status).to.equal(200);
    const { access_token: token } = await byPassword(provider, 'matched@example.org', { password });
    expect(claimsOf(token)).to.include({ fhirUser: `Patient/${id}` });
    expect(await patients()).to.equal(before);
  });

  it('says the same to a number of somebody else, of nobody, of two, and of a record that has its login', async () => {
    await record('MRN-2', { birthDate: '1950-01-01' });
    await record('MRN-3', { name: [{ family: 'Other', given: ['Zoe'] }] });
    await record('MRN-4');
    await record('MRN-4');
    const texts = new Set<string>();
    const before = await patients();
    for (const number of ['MRN-1', 'MRN-2', 'MRN-3', 'MRN-4', 'MRN-none', '*', 'MRN-1,MRN-9']) {
      const email = `stranger-${texts.size}-${number.replace(/\W/g, '')}@example.org`.toLowerCase();
      await apply({ email, number });
      const came = await confirm(email);
      expect(came.status, number).to.equal(400);
      texts.add(came.text);
      expect(await byPassword(provider, email, { password })).to.include({ status: 400 });
    }
    expect(texts.size).to.equal(1);
    expect(await patients()).to.equal(before);
  });

  it('says the same whether an address has an account, and writes to its owner', async () => {
    const [fresh, known] = [await apply({ email: 'fresh@example.org' }), await apply({ email: 'zoe@example.org' })];
    expect(known.text).to.equal(fresh.text);
    // Letters overtake each other.
    await eventually(async () => expect(await letterTo('zoe@example.org')).to.contain('have an account already'));
    expect(await letterTo('zoe@example.org')).to.not.contain('confirm=');
  });

  it('takes no weak password, no form of a stranger, and no other place for its letters', async () => {
    const count = letters.length;
    for (const fields of [
      { password: 'short' },
      { birthDate: 'yesterday' },
      { email: 'x@example.org, y@example.org' },
      { first: '' },
    ])
      expect((await apply({ email: 'weak@example.org', ...fields })).status, JSON.stringify(fields)).to.equal(400);
    const browser = browserAt(provider);
    const [form] = formsOf(await browser.get(page()));
    const answer = await browser.post(
      form?.action ?? '',
      { ...person, email: 'weak@example.org' },
      { 'Sec-Fetch-Site': 'cross-site' },
    );
    expect(answer.status).to.equal(403);
    expect(letters).to.have.length(count);
  });

  it('keeps what was said sealed until it is confirmed', async () => {
    await apply({ email: 'secret@example.org', last: 'Verysecret' });
    await letterTo('secret@example.org');
    const rows = await provider.sql(`select encode(sealed, 'escape') as sealed, id from pending`);
    expect(JSON.stringify(rows)).to.not.contain('Verysecret').and.not.contain('secret@example.org');
    const [, link = 'none'] = /confirm=([\w-]+)/.exec(await letterTo('secret@example.org')) ?? [];
    expect(JSON.stringify(rows)).to.not.contain(link);
  });
});
