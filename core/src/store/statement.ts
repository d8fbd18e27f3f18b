/** A prepared statement by name; refuses one that leaves the tenant to the session's setting alone. */

export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly writes: boolean;
}

const count = (text: string, pattern: RegExp): number => (text.match(pattern) ?? []).length;

/** Tables that the text reads or changes: not its own common table expressions, not functions. */
const tableUses = (whole: string): number => {
  const text = whole.replace(/\bextract\s*\(\s*\w+\s+from\b/gi, '(');
  const own = new Set([...text.matchAll(/(\w+)\s+as\s+(?:not\s+)?(?:materialized\s*)?\(/gi)].map(([, name]) => name));
  const uses = text.matchAll(
    /\b(?:from|join|into|(?<!\bfor\s)(?<!\bdo\s)update)\s+(?:only\s+)?([a-z_][\w.]*)(?!\w|\s*\()/gi,
  );
  const inserts = text.matchAll(/\binto\s+([a-z_][\w.]*)\s*\(/gi);
  return [...uses, ...inserts].filter(
    ([, name]) => !own.has(name ?? '') && !/^(?:lateral|select|unnest)$/i.test(name ?? ''),
  ).length;
};

/**
 * With `tenant = $1` beside the policy the planner makes the policy a test that runs once a statement, and a setting left
 * over from another tenant finds nothing. A statement without it would read the other tenant's rows.
 */
const bindsTenant = (text: string): boolean => {
  const bound = count(text, /\btenant\s*=\s*\$1\b/g) + count(text, /\binto\s+[\w.]+\s*\(\s*tenant\b/gi);
  const uses = tableUses(text);
  return uses > 0 && bound >= uses;
};

export const statement = (name: string, text: string): Statement => {
  if (!bindsTenant(text)) throw new TypeError(`statement ${name} uses a table without binding its tenant to $1`);
  return Object.freeze({ name, text, writes: !/^\s*select\b/i.test(text) });
};
