/** Writes bytes as a file of numbered chunks, each sealed or proven by a digest, and reads it again; refuses a file of which a part was altered, swapped, dropped or cut off. */
import { createCipheriv, createDecipheriv, createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { misconfigured, type Outcome } from '../../outcome/outcome.ts';
import { checkBytes, deriveKey, isSame } from './key.ts';

/*
 * header   magic and format (16) · 0 plain or 1 sealed · the file's id, which salts the key (16) · the key's check value (16)
 * chunk    length, highest bit set on the last (4) · bytes · their proof (16): GCM's tag, or the head of a SHA-256.
 *          It covers the header, the chunk's number and whether it is the last.
 * end      SHA-256 of all before (32), so that a copy can be checked without the key
 */
const format = 1;
const magic = 'HEDDLE BACKUP ';
const magicBytes = 16;
const idBytes = 16;
const headerBytes = magicBytes + 1 + idBytes + checkBytes;
const proofBytes = 16;
const digestBytes = 32;
const chunkBytes = 256 * 1024;
const lastBit = 0x80_00_00_00;

export interface Seal {
  readonly header: Buffer;
  /** None for a file that is not sealed. */
  readonly key: Uint8Array | undefined;
}

const headerOf = (id: Uint8Array, check: Uint8Array | undefined): Buffer => {
  const header = Buffer.alloc(headerBytes);
  header.write(`${magic}${format}\n`.padEnd(magicBytes), 0, 'latin1');
  header[magicBytes] = check ? 1 : 0;
  header.set(id, magicBytes + 1);
  header.set(check ?? Buffer.alloc(checkBytes), magicBytes + 1 + idBytes);
  return header;
};

export const newSeal = (secret: Uint8Array | undefined, random: (bytes: number) => Uint8Array): Seal => {
  const id = random(idBytes);
  const derived = secret && deriveKey(secret, id);
  return { header: headerOf(id, derived?.check), key: derived?.key };
};

const bindingOf = (header: Buffer, number: number, last: boolean): Buffer => {
  const place = Buffer.alloc(9);
  place.writeBigUInt64BE(BigInt(number));
  place[8] = last ? 1 : 0;
  return Buffer.concat([header, place]);
};

/** A key belongs to one file, and a number to one chunk of it: no pair comes twice. */
const ivOf = (number: number): Buffer => {
  const iv = Buffer.alloc(12);
  iv.writeBigUInt64BE(BigInt(number), 4);
  return iv;
};

const plainProof = (binding: Buffer, bytes: Uint8Array): Buffer =>
  createHash('sha256').update(binding).update(bytes).digest().subarray(0, proofBytes);

const closeChunk = ({ header, key }: Seal, number: number, last: boolean, bytes: Uint8Array): Buffer[] => {
  const binding = bindingOf(header, number, last);
  const length = Buffer.alloc(4);
  length.writeUInt32BE((bytes.length | (last ? lastBit : 0)) >>> 0);
  if (!key) return [length, Buffer.from(bytes), plainProof(binding, bytes)];
  const cipher = createCipheriv('aes-256-gcm', key, ivOf(number)).setAAD(binding);
  return [length, Buffer.concat([cipher.update(bytes), cipher.final()]), cipher.getAuthTag()];
};

/** Undefined where the proof does not hold. */
const openChunk = (
  { header, key }: Seal,
  number: number,
  last: boolean,
  bytes: Uint8Array,
  proof: Uint8Array,
): Uint8Array | undefined => {
  const binding = bindingOf(header, number, last);
  if (!key) return isSame(plainProof(binding, bytes), proof) ? bytes : undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, ivOf(number)).setAAD(binding).setAuthTag(proof);
  const opened = decipher.update(bytes);
  try {
    decipher.final();
    return opened;
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    return undefined;
  }
};

export interface ChunkWriter {
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Answers the size of the whole file. */
  readonly end: () => Promise<number>;
}

export const writeChunks = async (file: FileHandle, seal: Seal): Promise<ChunkWriter> => {
  const digest = createHash('sha256');
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let number = 0;
  let size = 0;
  const put = async (...parts: readonly Uint8Array[]): Promise<void> => {
    for (const part of parts) {
      digest.update(part);
      size += part.length;
    }
    await file.appendFile(Buffer.concat(parts));
  };
  const send = async (bytes: Uint8Array, last: boolean): Promise<void> =>
    put(...closeChunk(seal, number++, last, bytes));
  await put(seal.header);
  return {
    write: async (bytes) => {
      held.push(bytes);
      heldBytes += bytes.length;
      if (heldBytes <= chunkBytes) return;
      let all: Uint8Array = Buffer.concat(held);
      for (; all.length > chunkBytes; all = all.subarray(chunkBytes)) await send(all.subarray(0, chunkBytes), false);
      held = [all];
      heldBytes = all.length;
    },
    end: async () => {
      await send(Buffer.concat(held), true);
      await file.appendFile(digest.digest());
      return size + digestBytes;
    },
  };
};

const damaged = (says: string): Outcome =>
  misconfigured([`the backup is damaged: ${says}. Nothing was changed; take another copy of the file`]);

const cut = (at: number): Outcome => damaged(`it ends at byte ${at}, before its end was written`);

interface Reading {
  readonly file: FileHandle;
  readonly digest: Hash;
  at: number;
}

const take = async (reading: Reading, length: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length;) {
    const { bytesRead } = await reading.file.read(bytes, filled, length - filled, reading.at);
    if (bytesRead === 0) throw cut(reading.at);
    filled += bytesRead;
    reading.at += bytesRead;
  }
  return bytes;
};

const proven = async (reading: Reading, length: number): Promise<Buffer> => {
  const bytes = await take(reading, length);
  reading.digest.update(bytes);
  return bytes;
};

const sealOf = (header: Buffer, secret: Uint8Array | undefined): Seal => {
  const name = header.toString('latin1', 0, magicBytes);
  if (!name.startsWith(magic)) throw misconfigured(['this file is not a backup of Heddle']);
  if (name.trim() !== `${magic}${format}`)
    throw misconfigured([
      `the backup has format ${name.slice(magic.length).trim()}, and this release reads ${format}: restore it with a later release`,
    ]);
  const sealed = header[magicBytes] === 1;
  if (!sealed) return { header, key: undefined };
  if (!secret) throw misconfigured(['the backup is encrypted: name the file with its key with --key-file']);
  const { key, check } = deriveKey(secret, header.subarray(magicBytes + 1, magicBytes + 1 + idBytes));
  if (!isSame(check, header.subarray(headerBytes - checkBytes)))
    throw misconfigured(['this key does not open the backup: it was made with another one']);
  return { header, key };
};

/** Yields what was written, from the beginning; ends only when the last byte was proven. */
export const readChunks = async function* (
  file: FileHandle,
  secret: Uint8Array | undefined,
): AsyncGenerator<Uint8Array, void> {
  const reading: Reading = { file, digest: createHash('sha256'), at: 0 };
  const { size } = await file.stat();
  if (size < headerBytes) throw misconfigured(['this file is not a backup of Heddle, or only the first bytes of one']);
  const seal = sealOf(await proven(reading, headerBytes), secret);
  for (let number = 0, last = false; !last; number++) {
    const from = reading.at;
    const head = (await proven(reading, 4)).readUInt32BE();
    last = head >= lastBit;
    const length = last ? head - lastBit : head;
    if (length > chunkBytes) throw damaged(`what stands at byte ${from} is no part of a backup`);
    const bytes = await proven(reading, length);
    const opened = openChunk(seal, number, last, bytes, await proven(reading, proofBytes));
    if (!opened) throw damaged(`part ${number + 1}, from byte ${from}, is not as it was written`);
    yield opened;
  }
  if (!isSame(reading.digest.digest(), await take(reading, digestBytes)))
    throw damaged('its digest is not the one that was written');
  if (reading.at !== size) throw damaged(`${size - reading.at} bytes stand behind its end`);
};
