/** Moves rows out of and into PostgreSQL by its COPY protocol, a block at a time and never many in memory; knows nothing of what they hold. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type pg from 'pg';

/** What the driver's connection has for COPY and its types do not name. */
interface Wire {
  readonly stream: Duplex;
  readonly query: (text: string) => void;
  readonly sendCopyFromChunk: (block: Uint8Array) => void;
  readonly endCopyFrom: () => void;
  readonly sendCopyFail: (reason: string) => void;
}

const wireOf = (connection: pg.Connection): Wire => connection as pg.Connection & Wire;

const blockBytes = 128 * 1024;

/** Blocks that wait to be taken before the server is made to wait. */
const mostWaiting = 4;

/** `COPY 12` is what the server says at the end. */
const rowsIn = ({ text }: { readonly text: string }): number => Number(text.replace(/^COPY /, ''));

interface Blocks {
  readonly add: (bytes: Uint8Array, full: (block: Buffer) => void) => void;
  readonly rest: () => Buffer;
}

/** The driver uses the memory of what it read again at once: every row is copied, into blocks of a good size. */
const gatherBlocks = (): Blocks => {
  let block = Buffer.allocUnsafe(blockBytes);
  let used = 0;
  const rest = (): Buffer => {
    const filled = block.subarray(0, used);
    block = Buffer.allocUnsafe(blockBytes);
    used = 0;
    return filled;
  };
  return {
    rest,
    add: (bytes, full) => {
      if (used + bytes.length > blockBytes && used > 0) full(rest());
      if (bytes.length > blockBytes) full(Buffer.from(bytes));
      else {
        block.set(bytes, used);
        used += bytes.length;
      }
    },
  };
};

/** Answers the number of rows. When `take` fails the rest still comes: the caller cuts the connection. */
export const copyOut = (client: pg.Client, text: string, take: (block: Buffer) => Promise<void>): Promise<number> =>
  new Promise((resolve, reject) => {
    const blocks = gatherBlocks();
    let wire: Wire | undefined;
    let waiting = 0;
    let rows = 0;
    let failed = false;
    let taken = Promise.resolve();
    const fail = (thrown: unknown): void => {
      failed = true;
      reject(thrown instanceof Error ? thrown : new Error('the copy failed'));
    };
    const takeNext = async (before: Promise<void>, block: Buffer): Promise<void> => {
      await before;
      try {
        if (!failed) await take(block);
      } catch (thrown) {
        fail(thrown);
      }
      if (--waiting < mostWaiting) wire?.stream.resume();
    };
    const full = (block: Buffer): void => {
      if (++waiting >= mostWaiting) wire?.stream.pause();
      taken = takeNext(taken, block);
    };
    client.query({
      submit: (connection: pg.Connection) => {
        wire = wireOf(connection);
        wire.query(text);
      },
      handleCopyData: ({ chunk }: { readonly chunk: Uint8Array }) => blocks.add(chunk, full),
      handleCommandComplete: (message: { readonly text: string }) => void (rows = rowsIn(message)),
      handleError: fail,
      handleReadyForQuery: () => {
        full(blocks.rest());
        void taken.then(() => resolve(rows));
      },
    });
  });

/** Answers the number of rows. When `blocks` throws, the server forgets what it was sent of this statement. */
export const copyIn = (client: pg.Client, text: string, blocks: AsyncIterable<Uint8Array>): Promise<number> =>
  new Promise((resolve, reject) => {
    const ended = new AbortController();
    let cause: unknown;
    let rows = 0;
    const send = async (wire: Wire): Promise<void> => {
      try {
        for await (const block of blocks) {
          ended.signal.throwIfAborted();
          wire.sendCopyFromChunk(block);
          if (wire.stream.writableNeedDrain) await once(wire.stream, 'drain', { signal: ended.signal });
        }
        wire.endCopyFrom();
      } catch (thrown) {
        // The server's own refusal ends the sending too, and is the one that is told.
        if (ended.signal.aborted) return;
        cause = thrown;
        wire.sendCopyFail('what was to be copied could not be read');
      }
    };
    client.query({
      submit: (connection: pg.Connection) => wireOf(connection).query(text),
      handleCopyInResponse: (connection: pg.Connection) => void send(wireOf(connection)),
      handleCommandComplete: (message: { readonly text: string }) => void (rows = rowsIn(message)),
      handleError: (thrown: Error) => {
        ended.abort();
        reject(cause instanceof Error ? cause : thrown);
      },
      handleReadyForQuery: () => resolve(rows),
    });
  });
