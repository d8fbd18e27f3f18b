/** The one schema of the configuration: every key, its default and what it may be. Knows nothing of files or the environment. */
import { isIP } from 'node:net';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const list = z.union([
  z.array(z.string()),
  z.string().transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  ),
]);
const isAddress = (text: string): boolean => {
  const [address = '', prefix = '0'] = text.split('/');
  const kind = isIP(address);
  return kind !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (kind === 4 ? 32 : 128);
};

/** Others build addresses on it: nothing may stand behind its path, and nobody's name before its host. */
const isPlain = (text: string): boolean => {
  const { username, password, search, hash } = new URL(text);
  return `${username}${password}${search}${hash}` === '';
};

const webAddress = z
  .url({ protocol: /^https?$/, abort: true })
  .refine(isPlain, 'must have no user, query or fragment')
  .transform((text) => text.replace(/\/+$/, ''));
const databaseAddress = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must be postgresql://user:password@host:5432/database');
const key = z.string().refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64');

export const profiles = ['demo', 'production', 'test'] as const;

export const schema = z.strictObject({
  profile: z.enum(profiles),
  /** The directory of the embedded database, keys and files. */
  home: z.string().min(1),
  /** The address that others see. Without it: localhost and the port. */
  publicUrl: webAddress.optional(),
  /** Processes that answer requests; 0 takes one for each core. */
  workers: whole(0, 256),
  http: z.strictObject({
    port,
    host: z.string().optional(),
    /** Addresses whose X-Forwarded headers are believed. */
    proxies: list.refine((proxies) => proxies.every(isAddress), 'must be IP addresses or networks such as 10.0.0.0/8'),
    tls: z.strictObject({ cert: z.string(), key: z.string() }).optional(),
    bodyLimitBytes: whole(1_000, 2_000_000_000),
    headersTimeoutMs: whole(100, 600_000),
    requestTimeoutMs: whole(100, 3_600_000),
    /** Not ready and still answering, so that a load balancer looks away first. */
    noticeMs: whole(0, 600_000),
    drainMs: whole(0, 600_000),
    cors: z.strictObject({ origins: list }),
  }),
  database: z.strictObject({
    /** The owner's address: migrations, reindexing, backup. */
    url: databaseAddress.optional(),
    /** The serving role's address, where the owner may not create roles. */
    servingUrl: databaseAddress.optional(),
    /** Heddle nodes that share the database: together they must fit max_connections. */
    nodes: whole(1, 1_000),
    fsync: flag,
    lanes: z.strictObject({
      read: whole(1, 16),
      write: whole(1, 16),
      bulk: whole(1, 16),
      transaction: whole(1, 256),
      search: whole(1, 256),
      /** One of them hears of new jobs. */
      jobs: whole(2, 256),
    }),
    timeouts: z.strictObject({
      connectMs: whole(100, 60_000),
      laneMs: whole(10, 600_000),
      transactionMs: whole(10, 3_600_000),
      searchMs: whole(10, 3_600_000),
      jobsMs: whole(10, 86_400_000),
    }),
  }),
  fhir: z.strictObject({
    references: z.strictObject({
      /** Whether what a resource refers to must exist. */
      mustExist: flag,
      /** Whether a resource that others refer to may be deleted. */
      mayDangle: flag,
    }),
    search: z.strictObject({
      /** So long the pages of one question can be turned. */
      cursorSeconds: whole(1, 86_400),
    }),
    /** `Prefer: respond-async`. */
    deferred: z.strictObject({
      /** So long an answer is kept. */
      keepSeconds: whole(1, 31_536_000),
      /** Requests of one caller that are not answered yet. */
      mostWaiting: whole(1, 100_000),
    }),
    binary: z.strictObject({
      /** The longest content of a Binary. */
      limitBytes: whole(0, 100_000_000_000),
      /** So much content stands as base64 in one answer in JSON or XML; of what is longer a bundle leaves the data out. */
      inlineBytes: whole(0, 100_000_000),
      /** Media types, `image/*` for a family of them. What is refused is refused whatever is allowed. */
      contentTypes: z.strictObject({ allow: list, refuse: list }),
    }),
  }),
  jobs: z.strictObject({
    /** So many at once in each process; 0 performs none there. */
    concurrency: whole(0, 256),
  }),
  keys: z.strictObject({
    /** Seals the keys in the database. Production supplies it; otherwise it is made in the home directory. */
    master: key.optional(),
    /** The master key before the last change: opens what is not sealed again yet. */
    previous: key.optional(),
    rotateDays: whole(1, 3_650),
  }),
  identity: z.strictObject({
    demoAccounts: flag,
    accessTokenSeconds: whole(5, 86_400),
    /** Of offline access. */
    refreshSeconds: whole(60, 31_536_000),
    /** A session ends when it was not used for so long, and in any case after the longer time. */
    session: z.strictObject({ idleSeconds: whole(5, 604_800), mostSeconds: whole(10, 2_592_000) }),
    /** Wrong passwords and codes in a row that are forgiven; then each waits twice as long as the one before. */
    lockOut: z.strictObject({
      after: whole(1, 1_000),
      addressAfter: whole(1, 100_000),
      longestSeconds: whole(1, 86_400),
    }),
    /** Who must have a second factor; `staff` is everybody but patients. */
    secondFactor: z.enum(['optional', 'staff']),
    /** A Keycloak realm or another OpenID provider in place of the embedded one. */
    issuer: webAddress.optional(),
    /** What its tokens must be for. */
    audience: z.string().min(1),
    /** By so much may clocks differ. */
    clockSkewSeconds: whole(0, 300),
    /** The tenant in which people may register themselves as patients; none where they may not. */
    registration: z.strictObject({
      tenant: z
        .string()
        .min(1)
        .nullish()
        .transform((name) => name ?? undefined),
    }),
    /** Clients that act with the whole role of their caller; all others are held to SMART scopes. */
    houseClients: list,
    /** The client by which the portal signs people in. The embedded provider needs no secret. */
    portal: z.strictObject({ clientId: z.string().min(1), clientSecret: z.string().optional() }),
    /** Asks the issuer whether a token still holds, at most so often for each; 0 never asks. */
    introspection: z.strictObject({
      clientId: z.string().optional(),
      clientSecret: z.string().optional(),
      everySeconds: whole(0, 3_600),
    }),
  }),
  /** Letters; without a server they are told on the console. */
  mail: z.strictObject({
    smtp: z
      .string()
      .regex(/^smtps?:\/\//, 'must be smtps://user:password@host:465')
      .optional(),
    from: z.string().min(3),
  }),
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']) }),
  tracing: z.strictObject({ endpoint: webAddress.optional() }),
  /** By plugin; each is checked against its plugin's own schema. A key alone switches a plugin on. */
  plugins: z.record(z.string(), z.record(z.string(), z.unknown()).nullable()),
});

export type Configuration = z.infer<typeof schema>;
