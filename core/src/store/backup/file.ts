/** Writes a backup to its place on the disk whole or not at all, compressed and perhaps sealed, and reads one; keeps only a few chunks of either in memory. */
import { once } from 'node:events';
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline as pipe, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { misconfigured } from '../../outcome/outcome.ts';
import { newSeal, readChunks, writeChunks } from './chunks.ts';

export type Put = (bytes: Uint8Array) => Promise<void>;

export interface FileNeeds {
  readonly path: string;
  /** Without it the file can be read by whoever has it. */
  readonly secret: Uint8Array | undefined;
  readonly random: (bytes: number) => Uint8Array;
}

/** Answers the size of the file. */
const writeAll = async (file: FileHandle, needs: FileNeeds, fill: (put: Put) => Promise<void>): Promise<number> => {
  const chunks = await writeChunks(file, newSeal(needs.secret, needs.random));
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  const stopped = new AbortController();
  const written = pipeline(zstd, async (compressed: AsyncIterable<Uint8Array>) => {
    for await (const bytes of compressed) await chunks.write(bytes);
  });
  written.catch((thrown: unknown) => stopped.abort(thrown));
  const put: Put = async (bytes) => {
    stopped.signal.throwIfAborted();
    if (!zstd.write(bytes)) await once(zstd, 'drain', { signal: stopped.signal });
  };
  try {
    await fill(put);
  } catch (thrown) {
    zstd.destroy();
    // What could not be written is the reason why it stopped.
    throw stopped.signal.aborted ? stopped.signal.reason : thrown;
  }
  zstd.end();
  await written;
  return chunks.end();
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** What a process that was killed has left; it holds patients' data and helps nobody. */
const clearHalves = async (path: string): Promise<void> => {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    const [, pid] = name.startsWith(`${basename(path)}.`) ? (/\.(\d+)\.part$/.exec(name) ?? []) : [];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(folder, name), { force: true });
  }
};

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** What the file system says, as what to do; anything else is no fault of the place. */
const faultOf = (thrown: unknown, path: string): unknown => {
  if (!(thrown instanceof Error && 'syscall' in thrown && 'code' in thrown)) return thrown;
  const full = thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT';
  return misconfigured(
    [
      full
        ? `there is no room for the backup in ${dirname(path)}; what was written of it is removed`
        : `the backup cannot be written to ${path} (${String(thrown.code)})`,
    ],
    thrown,
  );
};

const writeHalf = async (half: string, needs: FileNeeds, fill: (put: Put) => Promise<void>): Promise<number> => {
  const file = await open(half, 'wx', 0o600);
  try {
    const size = await writeAll(file, needs, fill);
    await file.sync();
    return size;
  } finally {
    await file.close();
  }
};

/** An earlier file of this name stays until the new one is whole and on the disk. */
export const writeBackupFile = async (needs: FileNeeds, fill: (put: Put) => Promise<void>): Promise<number> => {
  const path = resolve(needs.path);
  const half = `${path}.${process.pid}.part`;
  try {
    await clearHalves(path);
    const size = await writeHalf(half, needs, fill);
    await rename(half, path);
    await syncFolder(dirname(path));
    return size;
  } catch (thrown) {
    await rm(half, { force: true });
    throw faultOf(thrown, path);
  }
};

export const openBackupFile = async (path: string): Promise<FileHandle> => {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    throw misconfigured([`the backup ${path} cannot be read (${String((thrown as NodeJS.ErrnoException).code)})`]);
  }
};

/** Hands on what was put into the file; ends well only when all of it was proven. */
export const readBackupFile = async (
  path: string,
  secret: Uint8Array | undefined,
  read: (bytes: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> => {
  const file = await openBackupFile(path);
  try {
    const content = createZstdDecompress();
    // A fault of either is thrown where the content is read.
    pipe(Readable.from(readChunks(file, secret)), content, () => undefined);
    await read(content);
  } finally {
    await file.close();
  }
};
