/** Reads config/roles.yaml, which says what each role may do; refuses a shape that is not role → type → verbs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { misconfigured } from '../outcome/outcome.ts';

const name = 'config/roles.yaml';

const shape = z.strictObject({
  verbs: z.record(z.string(), z.array(z.string())),
  groups: z.record(z.string(), z.array(z.string())),
  roles: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
});

export const loadRoleFile = (root: string): z.infer<typeof shape> => {
  const parsed = shape.safeParse(parse(readFileSync(join(root, name), 'utf8')));
  if (!parsed.success)
    throw misconfigured(
      parsed.error.issues.map((issue) => `${name}: ${issue.path.map(String).join('.')}: ${issue.message}`),
    );
  return parsed.data;
};
