/** Stands between Heddle and PostgreSQL and fails as networks do: loses answers, freezes, refuses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../src/store/address.ts';

export interface Proxy {
  /** The database's address through this proxy. */
  readonly address: (database: Address) => Address;
  /** Waits for a statement that contains `text`, passes it on, swallows the answer and cuts the connection. */
  readonly loseAnswerTo: (text: string) => void;
  /** From now on nothing passes, and nobody is told. */
  readonly freeze: () => void;
  readonly close: () => Promise<void>;
}

const port = 5432;

export const startProxy = async (target: Address): Promise<Proxy> => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-proxy-'));
  const sockets = new Set<Socket>();
  let losing: string | undefined;
  let frozen = false;
  const server = createServer((client) => {
    const upstream = createConnection(join(target.host ?? '', `.s.PGSQL.${port}`));
    let lost = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (frozen) return;
      if (losing !== undefined && chunk.includes(losing)) {
        losing = undefined;
        lost = true;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (frozen) return;
      // The server has answered, so it has done what it was asked; the caller will never hear of it.
      if (lost) client.destroy();
      else client.write(chunk);
    });
  }).listen(join(folder, `.s.PGSQL.${port}`));
  await once(server, 'listening');
  return {
    address: (database) => ({ ...database, host: folder }),
    loseAnswerTo: (text) => {
      losing = text;
    },
    freeze: () => {
      frozen = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
