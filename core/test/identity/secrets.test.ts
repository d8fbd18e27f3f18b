import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { checkPassword, hashPassword } from '../../src/identity/passwords.ts';
import { masterName, seal, unseal } from '../../src/store/seal.ts';

describe('a password', () => {
  it('is known by its argon2id hash and by nothing else', async () => {
    const hash = await hashPassword('correct horse', randomBytes);
    expect(hash).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await checkPassword('correct horse', hash)).to.equal(true);
    expect(await checkPassword('correct horse ', hash)).to.equal(false);
    expect(await checkPassword('correct horse', 'nonsense')).to.equal(false);
  });

  it('has another hash each time', async () => {
    expect(await hashPassword('x', randomBytes)).to.not.equal(await hashPassword('x', randomBytes));
  });

  it('is never right for an account that does not exist', async () => {
    expect(await checkPassword('', undefined)).to.equal(false);
  });
});

describe('a sealed key', () => {
  const master = randomBytes(32);
  const secret = randomBytes(48);

  it('opens under its master and label only', () => {
    const sealed = seal(master, 'token 1', secret, randomBytes);
    expect(unseal(master, 'token 1', sealed)).to.deep.equal(secret);
    expect(() => unseal(master, 'token 2', sealed)).to.throw();
    expect(() => unseal(randomBytes(32), 'token 1', sealed)).to.throw();
  });

  it('does not open when one bit of it was changed', () => {
    const sealed = seal(master, 'x', secret, randomBytes);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => unseal(master, 'x', changed), `byte ${at}`).to.throw();
    }
  });

  it('names its master without telling of it', () => {
    expect(masterName(master))
      .to.match(/^[\da-f]{16}$/)
      .and.not.equal(masterName(randomBytes(32)));
  });
});
