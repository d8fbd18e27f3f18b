/** One connection to PostgreSQL with what every lane needs of it: its settings, its number types, its end. */
import { Socket } from 'node:net';
import pg from 'pg';
import { within } from './within.ts';
import type { Address } from './address.ts';

export interface LinkSettings {
  readonly address: Address;
  readonly name: string;
  readonly connectMs: number;
  /** 0 leaves statements unbounded. */
  readonly statementMs: number;
  readonly pipeline?: boolean;
}

/** int8, by its number in PostgreSQL's catalogue. */
const wide = new Set<number>([20]);

/** 64-bit counts and times fit a number for the next 285,000 years of milliseconds; pg would hand them out as text. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: Parameters<typeof pg.types.getTypeParser>[0], format: 'text' | 'binary' = 'text'): unknown => {
    if (wide.has(oid)) return Number;
    const parse: unknown = pg.types.getTypeParser(oid, format);
    return parse;
  },
};

export const linkConfig = ({
  address,
  name,
  connectMs,
  statementMs,
  pipeline = false,
}: LinkSettings): pg.ClientConfig => ({
  ...address,
  types,
  pipeline,
  application_name: `heddle ${name}`,
  connectionTimeoutMillis: connectMs,
  keepAlive: true,
  // Plans over arrays of known length look cheaper than they are and would be made anew at each call. Rows are looked up one
  // by one: on what databases stand on nowadays, and mostly in memory, that costs little more than reading on.
  options: `-c search_path=heddle,public -c timezone=UTC -c idle_in_transaction_session_timeout=60000 -c statement_timeout=${statementMs} -c plan_cache_mode=force_generic_plan -c random_page_cost=1.1 -c enable_seqscan=off -c max_parallel_workers_per_gather=0`,
});

export interface Connected {
  readonly client: pg.Client;
  /** Ends at once; what is on the way fails. `client.end()` would wait for a server that never answers. */
  readonly cut: () => void;
  /** What is asked in one turn of the event loop leaves in one packet: to write it costs more than to make it. */
  readonly gather: () => void;
  /** Whether a packet waits for the end of this turn. */
  readonly gathers: () => boolean;
}

/** Holds back what is written until the turn is over. */
const gathering = (socket: Socket): Pick<Connected, 'gather' | 'gathers'> => {
  let holds = false;
  const letGo = (): void => {
    holds = false;
    socket.uncork();
  };
  const gather = (): void => {
    if (holds) return;
    holds = true;
    socket.cork();
    setImmediate(letGo);
  };
  return { gather, gathers: () => holds };
};

export const connect = async (settings: LinkSettings): Promise<Connected> => {
  const socket = new Socket();
  const client = new pg.Client({ ...linkConfig(settings), stream: () => socket });
  try {
    await client.connect();
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return { client, cut: () => socket.destroy(), ...gathering(socket) };
};

/** A polite end, unless the server does not answer. */
export const endSoon = async ({ client, cut }: Pick<Connected, 'client' | 'cut'>): Promise<void> => {
  await within(2_000, client.end());
  cut();
};

export type Row = Readonly<Record<string, unknown>>;
