/** The routes that operators and orchestrators ask: alive, ready with each part's state, metrics. They tell counts and states, nothing of a person. */
import type { Route, RouteAnswer } from '../plugin/route.ts';

export interface PartState {
  readonly name: string;
  readonly ready: boolean;
  readonly reason?: string;
}

export interface HealthNeeds {
  readonly parts: () => readonly PartState[];
  readonly metrics: () => Promise<string>;
}

const json = (status: number, value: object, headers: Readonly<Record<string, string>> = {}): RouteAnswer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
  headers: { 'Cache-Control': 'no-store', ...headers },
});

export const healthRoutes = ({ parts, metrics }: HealthNeeds): readonly Route[] => [
  { method: 'GET', path: '/healthz', access: 'open', answer: async () => json(200, { alive: true }) },
  {
    method: 'GET',
    path: '/readyz',
    access: 'open',
    answer: async () => {
      const states = parts();
      const ready = states.every((part) => part.ready);
      return json(ready ? 200 : 503, { ready, parts: states }, ready ? {} : { 'Retry-After': '1' });
    },
  },
  {
    method: 'GET',
    path: '/metrics',
    access: 'open',
    answer: async () => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await metrics() }),
  },
];
