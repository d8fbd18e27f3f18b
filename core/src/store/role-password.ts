/** Writes roles and their passwords into SQL: names quoted, passwords as the verifier that the server would store, so that no log of statements holds one. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const iterations = 4_096;

/** RFC 5803, as PostgreSQL keeps it. */
export const verifierOf = (password: string, salt: Uint8Array): string => {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const keyed = (label: string): Buffer => createHmac('sha256', salted).update(label).digest();
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${stored}:${keyed('Server Key').toString('base64')}`;
};
