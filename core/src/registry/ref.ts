/** The typed name of a service; whoever holds the ref can ask for the service, and only its provider can stand behind it. */

declare const service: unique symbol;

export interface ServiceRef<T> {
  readonly service: string;
  readonly [service]?: T;
}

/** `name` is the providing plugin and the noun: `lab.pricing`. */
export const serviceRef = <T>(name: string): ServiceRef<T> => ({ service: name });
