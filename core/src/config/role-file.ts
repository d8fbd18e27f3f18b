/** Reads config/roles.yaml, which says what each role may do; refuses a shape that is not role → type → verbs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { misconfigured } from '../outcome/outcome.ts';

const name = 'config/roles.yaml';

const words = z.array(z.string());

const grant = z.strictObject({
  may: words,
  patients: z.string().optional(),
  where: words.optional(),
  show: words.optional(),
  keep: words.optional(),
});

const shape = z.strictObject({
  verbs: z.record(z.string(), words),
  groups: z.record(z.string(), words),
  patients: z.record(z.string(), words).default({}),
  belongs: z.record(z.string(), words).default({}),
  labels: z.record(z.string(), words).default({}),
  exempt: words.default([]),
  roles: z.record(z.string(), z.record(z.string(), z.array(z.union([z.string(), grant])))),
});

export const loadRoleFile = (root: string): z.infer<typeof shape> => {
  const parsed = shape.safeParse(parse(readFileSync(join(root, name), 'utf8')));
  if (!parsed.success)
    throw misconfigured(
      parsed.error.issues.map((issue) => `${name}: ${issue.path.map(String).join('.')}: ${issue.message}`),
    );
  return parsed.data;
};
