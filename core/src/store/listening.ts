/** Hears what other processes announce through the database; after a lost connection it tells every listener to look for itself. */
import type { Log } from '../observe/log.ts';
import { connect, endSoon, type Connected, type LinkSettings } from './link.ts';

export interface Listening {
  /** Called for each announcement of `topic`, and once after every reconnection. */
  readonly on: (topic: string, hear: () => void) => void;
  readonly announce: (topic: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

const retryMs = { first: 250, most: 5_000 };

export const listen = async (settings: LinkSettings, log: Log): Promise<Listening> => {
  const listeners = new Map<string, (() => void)[]>();
  let connected: Connected | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const open = async (): Promise<void> => {
    const next = await connect(settings);
    const lose = (): void => {
      if (connected !== next) return;
      connected = undefined;
      next.cut();
      if (!closed) again();
    };
    next.client.on('error', lose);
    next.client.on('end', lose);
    next.client.on('notification', ({ payload }) => listeners.get(payload ?? '')?.forEach((hear) => hear()));
    try {
      await next.client.query('listen heddle');
    } catch (thrown) {
      next.cut();
      throw thrown;
    }
    connected = next;
  };

  const again = (delay = retryMs.first): void => {
    timer = setTimeout(() => {
      open().then(
        () => {
          log.info({}, 'announcements are heard again');
          for (const hears of listeners.values()) hears.forEach((hear) => hear());
        },
        () => closed || again(Math.min(delay * 2, retryMs.most)),
      );
    }, delay);
    timer.unref();
  };

  await open();
  return {
    on: (topic, hear) => void listeners.set(topic, [...(listeners.get(topic) ?? []), hear]),
    announce: async (topic) => {
      // An announcement that cannot be made now is made up for by the look after reconnection.
      await connected?.client.query(`select pg_notify('heddle', $1)`, [topic]);
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      if (connected) await endSoon(connected);
    },
  };
};
