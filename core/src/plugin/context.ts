/** What a plugin is given in `setup`, and nothing else: no Koa, no DataSource, no environment, no other plugin's files. */
import type { Answer, Caller, Interaction } from '../fhir/interaction.ts';
import type { Ids } from '../fhir/ids.ts';
import type { Log } from '../observe/log.ts';
import type { ServiceRef } from '../registry/ref.ts';

/** The line for one caller: there is no way to data but with a caller. */
export interface CallerFhir {
  readonly perform: (interaction: Omit<Interaction, 'caller'>) => Promise<Answer>;
}

type ServiceOf<R> = R extends ServiceRef<infer T> ? T : never;

export interface PluginContext<Config, N> {
  readonly config: Config;
  readonly services: { readonly [K in keyof N]: ServiceOf<N[K]> };
  readonly fhir: { readonly as: (caller: Caller) => CallerFhir };
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly ids: Ids;
  readonly provide: <T>(ref: ServiceRef<T>, service: T) => void;
  readonly onClose: (close: () => void | Promise<void>) => void;
}
