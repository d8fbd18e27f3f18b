/** The structured log, one JSON line a fact; carries ids, never a resource, a query string or a token. */
import { pino, type Logger } from 'pino';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'> & {
  readonly child: (bindings: Readonly<Record<string, string | number>>) => Log;
};

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogTarget {
  readonly write: (line: string) => void;
}

/** A thrown error's message may quote a value of a row: only its name, its codes and its stack's places are kept. */
const bare = (thrown: unknown): unknown => {
  if (!(thrown instanceof Error)) return { type: typeof thrown };
  const code = 'code' in thrown ? String(thrown.code) : undefined;
  const places = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: thrown.name,
    ...(code === undefined ? {} : { code }),
    stack: places.slice(0, 12).map((line) => line.trim()),
    ...(thrown.cause === undefined ? {} : { cause: bare(thrown.cause) }),
  };
};

export const openLog = (
  level: LogLevel,
  target: LogTarget,
  bindings: Readonly<Record<string, string | number>> = {},
): Log =>
  pino(
    {
      level,
      base: bindings,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: bare, error: bare },
    },
    target,
  );
