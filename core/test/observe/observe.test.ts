import { expect } from 'chai';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { json } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { openLog } from '../../src/observe/log.ts';
import { openTracer, readTrace } from '../../src/observe/tracing.ts';

const recording = () => {
  const lines: string[] = [];
  return { lines, log: openLog('debug', { write: (line) => lines.push(line) }, { node: 'n1' }) };
};

describe('the log', () => {
  it('writes one JSON line with time, level and node', () => {
    const { lines, log } = recording();
    log.info({ request: 'r1' }, 'request');
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).to.include({ level: 'info', node: 'n1', request: 'r1', msg: 'request' });
    expect(line['time']).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it("keeps an error's kind, code and places, and never its words, which may quote a row", () => {
    const { lines, log } = recording();
    const cause = new Error('value "Jane Roe" is not a number');
    log.error(
      { err: Object.assign(new TypeError('Jane Roe', { cause }), { code: '22P02', detail: 'Jane Roe' }) },
      'a request failed',
    );
    expect(lines[0])
      .to.contain('22P02')
      .and.contain('TypeError')
      .and.contain('observe.test.ts')
      .and.not.contain('Jane');
  });
});

describe('a trace', () => {
  it('is read by the rules of the W3C, or not at all', () => {
    const [traceId, spanId] = ['a'.repeat(32), 'b'.repeat(16)];
    expect(readTrace(`00-${traceId}-${spanId}-01`)).to.deep.equal({ traceId, spanId });
    for (const bad of [undefined, '', 'x', `00-${'0'.repeat(32)}-${spanId}-01`, `00-${traceId}-${'0'.repeat(16)}-01`])
      expect(readTrace(bad)).to.equal(undefined);
  });

  it('is sent to the collector with its parent, its length and whether it failed', async () => {
    const bodies: unknown[] = [];
    const collector = createServer((request, response) => {
      json(request).then(
        (body) => {
          bodies.push([request.url, body]);
          response.end('{}');
        },
        () => response.destroy(),
      );
    }).listen(0);
    await once(collector, 'listening');
    let now = 1_000;
    const { log } = recording();
    const tracer = openTracer({
      endpoint: `http://localhost:${(collector.address() as AddressInfo).port}`,
      now: () => now,
      random: randomBytes,
      log,
    });
    const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
    await tracer.span('outer', parent, { 'fhir.verb': 'read' }, async (trace) => {
      now += 5;
      await tracer.span('inner', trace, {}, () => Promise.reject(new Error('x'))).catch(() => 'seen');
    });
    await tracer.close();
    collector.close();
    expect(bodies).to.have.length(1);
    const text = JSON.stringify(bodies[0]);
    expect(text)
      .to.contain('/v1/traces')
      .and.contain('"traceId":"' + parent.traceId)
      .and.contain('"parentSpanId":"' + parent.spanId);
    expect(text)
      .to.contain('"startTimeUnixNano":"1000000000"')
      .and.contain('"endTimeUnixNano":"1005000000"')
      .and.contain('"status":{"code":2}');
  });

  it('costs nothing but a warning when the collector is away', async () => {
    const { lines, log } = recording();
    const tracer = openTracer({ endpoint: 'http://localhost:1', now: () => 0, random: randomBytes, log });
    expect(await tracer.span('x', undefined, {}, async () => 7)).to.equal(7);
    await tracer.close();
    expect(lines.join()).to.contain('cannot be reached');
  });
});
