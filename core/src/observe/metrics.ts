/** Every metric Heddle counts, named in one place; labels come from closed lists, never from a request's values. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  readonly http: Histogram<'method' | 'area' | 'status'>;
  readonly interactions: Histogram<'verb' | 'status'>;
  readonly statements: Counter<'lane' | 'result'>;
  readonly laneFailures: Counter<'lane'>;
  readonly jobs: Counter<'task' | 'result'>;
  readonly databaseUp: Gauge;
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const openMetrics = (): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    http: new Histogram({
      name: 'heddle_http_request_seconds',
      help: 'Time from the request head to the end of the answer',
      labelNames: ['method', 'area', 'status'],
      buckets: seconds,
      registers,
    }),
    interactions: new Histogram({
      name: 'heddle_interaction_seconds',
      help: 'Time an interaction spends in the line',
      labelNames: ['verb', 'status'],
      buckets: seconds,
      registers,
    }),
    statements: new Counter({
      name: 'heddle_statements_total',
      help: 'Statements answered by the database',
      labelNames: ['lane', 'result'],
      registers,
    }),
    laneFailures: new Counter({
      name: 'heddle_lane_failures_total',
      help: 'Connections of a lane that were given up',
      labelNames: ['lane'],
      registers,
    }),
    jobs: new Counter({
      name: 'heddle_jobs_total',
      help: 'Attempts at jobs, by what came of them',
      labelNames: ['task', 'result'],
      registers,
    }),
    databaseUp: new Gauge({
      name: 'heddle_database_up',
      help: '1 while the database answers and takes writes',
      // Of several workers the worst counts: the sum of flags says nothing.
      aggregator: 'min',
      registers,
    }),
  };
};
