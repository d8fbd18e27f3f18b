/** Interim. */
import type { Resource } from '../body.ts';
import type { SearchParameter } from '../search-parameter.ts';
import type { Structures } from '../structure/structures.ts';

interface Typed {
  readonly type: string;
  readonly value: unknown;
}

export const compileExtractor =
  (structures: Structures) =>
  (type: string, parameters: readonly SearchParameter[]) =>
  (resource: Resource): { code: string; values: Typed[] }[] =>
    parameters.map(({ code, expression = '' }) => ({
      code,
      values: expression.split(' | ').flatMap((arm) => {
        const path = arm
          .replace(/[()]/g, '')
          .replace(/\.where.*$/, '')
          .replace(/ofType|as /g, '')
          .split('.');
        if (path[0] !== type && path[0] !== 'Resource' && path[0] !== 'DomainResource') return [];
        let found: Typed[] = [{ type, value: resource }];
        for (const step of path.slice(1)) {
          found = found.flatMap((each) => {
            const holder = each.value as Record<string, unknown>;
            const definition = structures.type(each.type)?.elements.find((e) => e.name === step);
            if (!definition) return each.type === step ? [each] : [];
            return definition.types.flatMap((t) => {
              const key = definition.choice ? step + t.charAt(0).toUpperCase() + t.slice(1) : step;
              const value = holder[key];
              if (value === undefined) return [];
              return (Array.isArray(value) ? (value as unknown[]) : [value]).map((v) => ({ type: t, value: v }));
            });
          });
        }
        return found;
      }),
    }));
