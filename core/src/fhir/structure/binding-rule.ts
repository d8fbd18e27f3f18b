/** Holds codes against a required binding; an element bound less strictly never comes here. */
import type { Binding, Slot } from './compile.ts';
import { faulty, faultyAt, pathOf, type Walk } from './walk.ts';

type Members = Readonly<Record<string, unknown>>;

const mostNamed = 24;

const choices = (codes: readonly string[], set: string): string =>
  codes.length === 0 || codes.length > mostNamed
    ? `must be a code of R4's value set ${set}`
    : `must be one of ${codes.join(', ')}`;

export const codeFault = (slot: Slot, place: number, walk: Walk): void =>
  faultyAt(walk, slot.name, place, 'code-invalid', choices([...(slot.allowed ?? [])], slot.binding?.name ?? ''));

const allows = ({ systems, pattern }: Binding, coding: unknown): boolean => {
  if (typeof coding !== 'object' || coding === null || !('system' in coding) || !('code' in coding)) return false;
  const { system, code } = coding;
  if (typeof system !== 'string' || typeof code !== 'string') return false;
  const codes = systems.get(system);
  return codes === null ? pattern === undefined || pattern.test(code) : codes !== undefined && codes.has(code);
};

const hasAllowed = (binding: Binding, codings: readonly unknown[]): boolean => {
  for (const coding of codings) if (allows(binding, coding)) return true;
  return false;
};

/** R4 terminologies.html#required: one of the codings is of the value set. An element that only says why it is unknown has none. */
export const bindingRule = (value: Members, { binding, typeName }: Slot, walk: Walk): void => {
  if (!binding) return;
  const codings = typeName === 'Coding' ? [value] : value['coding'];
  if (Array.isArray(codings) && hasAllowed(binding, codings)) return;
  if (codings === undefined && value['text'] === undefined && value['extension'] !== undefined) return;
  const systems = [...binding.systems.keys()].join(' or ');
  const codes = [...binding.systems.values()].flatMap((set) => [...(set ?? [])]);
  faulty(
    walk,
    'code-invalid',
    pathOf(walk),
    `needs a coding of the system ${systems} whose code ${choices(codes, binding.name)}`,
  );
};
