/** A closed loop: so many connections, each sends its next request when the answer is there; measures time of each and processor time of all. */
import { Agent, request as httpRequest } from 'node:http';
import { cpuMs, ownCpuMs } from './cpu.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly type?: string;
}

export interface Measured {
  readonly requests: number;
  readonly failures: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Processor milliseconds of server and database, a request. */
  readonly cpu: number;
  /** Of it, the server's own. */
  readonly own: number;
}

export interface Server {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The processes whose time counts. */
  readonly processes: readonly number[];
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export const connections = 16;

export const openClient = ({ url, headers }: Server) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(url);
  const send = ({ method, path, body, type = 'application/fhir+json' }: Request): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const call = httpRequest(
        {
          ...{ agent, hostname, port, method, path },
          headers: {
            ...headers,
            ...(body === undefined ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }),
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
          answer.on('error', reject);
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  return { send, close: () => agent.destroy() };
};

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

export interface Load {
  readonly server: Server;
  /** The nth request; undefined ends the load. */
  readonly next: (n: number) => Request | undefined;
  readonly seconds: number;
  readonly onAnswer?: (answer: Answer, n: number) => void;
}

export const drive = async ({ server, next, seconds, onAnswer }: Load): Promise<Measured> => {
  const { send, close } = openClient(server);
  const times: number[] = [];
  let failures = 0;
  let sent = 0;
  const cpuBefore = cpuMs(server.processes);
  const ownBefore = ownCpuMs(server.processes[0] ?? 0);
  const from = performance.now();
  const until = from + seconds * 1000;
  const connection = async (): Promise<void> => {
    while (performance.now() < until) {
      const n = sent++;
      const request = next(n);
      if (!request) return;
      const begun = performance.now();
      const answer = await send(request);
      times.push(performance.now() - begun);
      if (answer.status >= 400 || answer.status === 0) {
        failures++;
        if (failures === 1)
          process.stderr.write(`${request.method} ${request.path}: ${answer.status} ${answer.text.slice(0, 600)}\n`);
      }
      onAnswer?.(answer, n);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const elapsed = performance.now() - from;
  const used = cpuMs(server.processes) - cpuBefore;
  close();
  const sorted = times.toSorted((a, b) => a - b);
  return {
    ...{ requests: times.length, failures },
    perSecond: (times.length / elapsed) * 1000,
    ...{ p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), p99: percentile(sorted, 0.99) },
    cpu: used / times.length,
    own: (ownCpuMs(server.processes[0] ?? 0) - ownBefore) / times.length,
  };
};
