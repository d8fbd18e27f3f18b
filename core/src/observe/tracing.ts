/** Spans by the W3C trace context, sent as OTLP JSON to a collector when one is configured; without one a span costs a function call. */
import type { Trace } from '../fhir/interaction.ts';
import type { Log } from './log.ts';

export type SpanAttributes = Readonly<Record<string, string | number>>;

export interface Tracer {
  /** Runs `work` inside a span; a span that throws is marked so. */
  readonly span: <T>(
    name: string,
    parent: Trace | undefined,
    attributes: SpanAttributes,
    work: (trace: Trace | undefined) => Promise<T>,
  ) => Promise<T>;
  readonly close: () => Promise<void>;
}

const traceparent = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/;

/** The caller's trace, when its header is one by the W3C rules; anything else starts none. */
export const readTrace = (header: string | undefined): Trace | undefined => {
  const [, traceId, spanId] = traceparent.exec(header ?? '') ?? [];
  return traceId && spanId && !/^0+$/.test(traceId) && !/^0+$/.test(spanId) ? { traceId, spanId } : undefined;
};

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly status: { readonly code: number };
}

const silent: Tracer = { span: (_name, parent, _attributes, work) => work(parent), close: async () => {} };

/** Spans wait at most this long, and at most so many: a slow collector costs spans, never memory. */
const flushMs = 2_000;
const most = 5_000;

export interface TracingNeeds {
  readonly endpoint: string | undefined;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
}

export const openTracer = ({ endpoint, now, random, log }: TracingNeeds): Tracer => {
  if (endpoint === undefined) return silent;
  const target = `${endpoint.replace(/\/$/, '')}/v1/traces`;
  let waiting: Span[] = [];
  let dropped = 0;

  const hex = (bytes: number): string => Buffer.from(random(bytes)).toString('hex');
  const nanos = (milliseconds: number): string => `${Math.round(milliseconds * 1_000)}000`;

  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const spans = waiting;
    waiting = [];
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'heddle' } }] };
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'heddle' }, spans }] }] });
    try {
      const answer = await fetch(target, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
        signal: AbortSignal.timeout(5_000),
      });
      if (!answer.ok) log.warn({ status: answer.status, spans: spans.length }, 'the trace collector refused spans');
    } catch (error) {
      log.warn({ err: error, spans: spans.length, dropped }, 'the trace collector cannot be reached');
    }
  };

  const timer = setInterval(() => void flush(), flushMs);
  timer.unref();

  return {
    span: async (name, parent, attributes, work) => {
      const trace = { traceId: parent?.traceId ?? hex(16), spanId: hex(8) };
      const startTimeUnixNano = nanos(now());
      let code = 1;
      try {
        return await work(trace);
      } catch (thrown) {
        code = 2;
        throw thrown;
      } finally {
        if (waiting.length >= most) dropped++;
        else
          waiting.push({
            name,
            ...trace,
            parentSpanId: parent?.spanId ?? '',
            startTimeUnixNano,
            endTimeUnixNano: nanos(now()),
            attributes: Object.entries(attributes).map(([key, value]) => ({
              key,
              value: { stringValue: String(value) },
            })),
            status: { code },
          });
      }
    },
    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };
};
