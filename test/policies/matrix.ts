/** The role file as a table for people: for every role and type what may be done, read from the file by rules of its own. */
import { join } from 'node:path';
import { loadRoleFile } from '../../core/src/config/role-file.ts';
import { resourceTypes } from '../../core/src/fhir/resource-types.ts';

export interface Cell {
  readonly whole: ReadonlySet<string>;
  /** With some resources, or some of their elements. */
  readonly part: ReadonlySet<string>;
}

const file = loadRoleFile(join(import.meta.dirname, '../..'));

export const roles = Object.keys(file.roles);

/** `type`: undefined for requests without one. */
export const cellOf = (role: string, type: string | undefined): Cell => {
  const [whole, part] = [new Set<string>(), new Set<string>()];
  for (const [what, row] of Object.entries(file.roles[role] ?? {})) {
    const types = type === undefined ? ['system'] : [type, '*'];
    if (!types.includes(what) && !(type !== undefined && file.groups[what]?.includes(type))) continue;
    for (const each of row) {
      const [words, into] = typeof each === 'string' ? [[each], whole] : [each.may, part];
      for (const word of words) for (const verb of file.verbs[word] ?? [word]) into.add(verb);
    }
  }
  return { whole, part };
};

const signs: readonly (readonly [sign: string, verb: string])[] = [
  ['R', 'read'],
  ['S', 'search-type'],
  ['H', 'history-instance'],
  ['C', 'create'],
  ['U', 'update'],
  ['D', 'delete'],
  ['O', 'operation'],
];

/** Capitals: with every resource. Small letters: with some. */
const signsOf = (role: string, type: string): string => {
  const { whole, part } = cellOf(role, type);
  return signs
    .map(([sign, verb]) => {
      if (whole.has(verb)) return sign;
      return part.has(verb) ? sign.toLowerCase() : '';
    })
    .join('');
};

/** Types for which every role may do the same stand in one line. */
export const matrixText = (): string => {
  const lines = new Map<string, string[]>();
  for (const type of resourceTypes) {
    const cells = roles.map((role) => signsOf(role, type) || '–').join(' | ');
    lines.set(cells, [...(lines.get(cells) ?? []), type]);
  }
  return [
    `| type | ${roles.join(' | ')} |`,
    `|---|${roles.map(() => '---').join('|')}|`,
    ...[...lines].map(([cells, types]) => `| ${types.join(', ')} | ${cells} |`),
  ].join('\n');
};
