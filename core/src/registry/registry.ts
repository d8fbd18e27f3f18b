/** Holds what plugins contribute, by kind and name; refuses a second owner of one name and any change after boot. Knows no kind itself. */

declare const contributed: unique symbol;

/** A kind of contribution. The room that uses a kind declares it. */
export interface Kind<T> {
  readonly kind: string;
  readonly [contributed]?: T;
}

export interface Contribution<T = unknown> {
  readonly kind: Kind<T>;
  readonly name: string;
  readonly value: T;
}

export interface Owned<T> {
  readonly name: string;
  readonly owner: string;
  readonly value: T;
}

export interface Registry {
  readonly all: <T>(kind: Kind<T>) => readonly Owned<T>[];
  readonly find: <T>(kind: Kind<T>, name: string) => Owned<T> | undefined;
}

export const defineKind = <T>(kind: string): Kind<T> => ({ kind });

export const contribution = <T>(kind: Kind<T>, name: string, value: T): Contribution<T> => ({ kind, name, value });

/** Every duplicate is a fault that names both owners; with any fault there is no registry. */
export const buildRegistry = (
  owners: readonly { readonly owner: string; readonly contributions: readonly Contribution[] }[],
): { readonly registry: Registry; readonly faults: readonly string[] } => {
  const kinds = new Map<string, Map<string, Owned<unknown>>>();
  const faults: string[] = [];
  for (const { owner, contributions } of owners) {
    for (const { kind, name, value } of contributions) {
      const rows = kinds.get(kind.kind) ?? new Map<string, Owned<unknown>>();
      kinds.set(kind.kind, rows);
      const first = rows.get(name);
      if (first)
        faults.push(
          `${kind.kind} '${name}' is contributed by '${first.owner}' and by '${owner}': rename or remove one`,
        );
      else rows.set(name, Object.freeze({ name, owner, value }));
    }
  }
  const lists = new Map([...kinds].map(([kind, rows]) => [kind, Object.freeze([...rows.values()])]));
  return {
    faults,
    registry: Object.freeze({
      // The kind's type parameter is the only key to its rows, and `contribution` put them there under it.
      all: <T>(kind: Kind<T>) => (lists.get(kind.kind) ?? []) as readonly Owned<T>[],
      find: <T>(kind: Kind<T>, name: string) => kinds.get(kind.kind)?.get(name) as Owned<T> | undefined,
    }),
  };
};
