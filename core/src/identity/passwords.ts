/** Hashes and checks passwords and client secrets with argon2id; takes the same time for an account that does not exist. */
import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** OWASP's least for argon2id: 19 MiB, two passes, one lane. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 };
const tagLength = 32;

const derive = promisify(argon2);

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');

export const hashPassword = async (password: string, random: (bytes: number) => Uint8Array): Promise<string> => {
  const nonce = random(16);
  const tag = await derive('argon2id', { message: password, nonce, tagLength, ...cost });
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${encode(nonce)}$${encode(tag)}`;
};

const form = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/;

/** A well-formed hash that no password has: checked in place of one that is missing. */
const nobody = `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${encode(new Uint8Array(16))}$${encode(new Uint8Array(tagLength))}`;

export const checkPassword = async (password: string, hash: string | undefined): Promise<boolean> => {
  const [, memory, passes, parallelism, nonce = '', expected = ''] = form.exec(hash ?? nobody) ?? [];
  if (expected === '') return false;
  const known = Buffer.from(expected, 'base64');
  const tag = await derive('argon2id', {
    message: password,
    nonce: Buffer.from(nonce, 'base64'),
    tagLength: known.length,
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  });
  return timingSafeEqual(tag, known) && hash !== undefined;
};

export const leastLength = 12;
const mostLength = 256;

/** NIST SP 800-63B: length counts; what everybody guesses first is refused. */
const guessedFirst =
  /^(.)\1+$|^(?:password|passwort|qwerty|letmein|welcome|hospital|heddle|admin|0123456789|1234567890)[\d!.]*$/i;

/** What is wrong with a new password, told to the person. */
export const passwordFault = (password: string, username: string): string | undefined => {
  if (password.length < leastLength) return `A password needs at least ${leastLength} characters.`;
  if (password.length > mostLength) return `A password may have ${mostLength} characters.`;
  if (guessedFirst.test(password)) return 'That password is among the first that anybody would guess.';
  if (username !== '' && password.toLowerCase().includes(username.toLowerCase()))
    return 'A password must not hold the account’s name.';
  return undefined;
};
