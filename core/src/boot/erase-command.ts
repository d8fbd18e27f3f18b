/** `heddle erase`: takes a patient and the record out of the store for ever, all versions of it; shows first what that is, and refuses to leave others referring to nothing unless it is told to. */
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { isId } from '../fhir/ids.ts';
import { misconfigured } from '../outcome/outcome.ts';
import { r4Compartments } from '../platform/compartments.ts';
import { compartmentOf } from '../policy/compartment.ts';
import type { Holder } from '../store/erase.ts';
import type { TransactionUnit } from '../store/unit.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { auditEntry } from './erasure/audit-entry.ts';
import { byType, fingerprint, planErasure, type Plan } from './erasure/plan.ts';
import { onKernel, type OnKernel } from './on-kernel.ts';
import { whole } from './say.ts';

const usage = `usage: npx heddle erase --tenant <name> --reason <text> Patient/<id> [--yes] [--force]
--yes    without asking
--force  also where others would be left referring to nothing
The reason is kept in the audit: write no name and no number of the patient into it.`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const namesOf = (some: readonly Holder[]): string => some.map(({ type, id }) => `${type}/${id}`).join(', ');

const show = ({ whole: going, past, shared, holders }: Plan): void => {
  print(`to be erased, with all versions: ${whole(going.length)} resources`);
  for (const [type, count] of byType(going)) print(`  ${type.padEnd(28)}${whole(count).padStart(10)}`);
  if (past.length > 0) print(`past versions of resources that are others' by now: ${whole(past.length)}`);
  if (shared.length > 0)
    print(
      `not erased, because they are another patient's too, or bundles with a copy in them: ${namesOf(shared)}\n  decide about each, take the patient out of it, and erase again`,
    );
  if (holders.length > 0) {
    print('others refer to what would be erased:');
    for (const [type, count] of byType(holders)) print(`  ${type.padEnd(28)}${whole(count).padStart(10)}`);
  }
};

const agreed = async (): Promise<boolean> => {
  const asked = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await asked.question('this cannot be undone. Write "erase" to go on: ')).trim() === 'erase';
  } finally {
    asked.close();
  }
};

const whoAsks = (): string => {
  const { username } = userInfo();
  return `${username}, heddle erase`;
};

interface Asked {
  readonly patient: string;
  readonly reason: string;
  readonly yes: boolean;
  readonly force: boolean;
}

const carryOut = async (
  { ask, effects }: OnKernel,
  unit: TransactionUnit,
  plan: Plan,
  { patient, reason }: Asked,
): Promise<string[]> => {
  const erased = await unit.erasing.erase(
    plan.whole.map(({ rid }) => rid),
    plan.past,
  );
  const answers = await unit.erasing.forgetAnswers();
  const accounts = await unit.erasing.unbind('Patient', patient);
  const body = auditEntry({ ...erased, who: whoAsks(), when: effects.now(), reason });
  // In the same transaction: nothing is erased without its entry, and no entry speaks of what was not done.
  await ask({ verb: 'create', type: 'AuditEvent', body }, { unit, transaction: unit, arriving: new Set() });
  return [
    `erased ${whole(erased.resources)} resources and ${whole(erased.versions)} past versions`,
    ...(answers > 0
      ? [`${answers} answers that waited to be fetched are taken back: whoever asked can ask again`]
      : []),
    ...(accounts > 0
      ? [`${accounts} accounts stood for the patient: they are closed, and their usernames remain`]
      : []),
  ];
};

const erase = async (given: OnKernel, asked: Asked): Promise<number> => {
  const { kernel, caller } = given;
  const compartment = compartmentOf('Patient', r4Compartments(), kernel.store.base.parameters);
  const planned = (unit: TransactionUnit): Promise<Plan> => planErasure(kernel, compartment, unit, asked.patient);
  const shown = await kernel.store.transaction(caller.tenant, planned);
  if (shown.whole.length + shown.past.length + shown.shared.length + shown.holders.length === 0) {
    print('there is nothing of this patient in this tenant');
    return 1;
  }
  show(shown);
  if (shown.holders.length + shown.shared.length > 0 && !asked.force) {
    print('nothing was erased: change or delete those first, or add --force, which leaves them referring to nothing');
    return 1;
  }
  if (!asked.yes && !(await agreed())) {
    print('nothing was erased');
    return 1;
  }
  const done = await kernel.store.transaction(caller.tenant, async (unit) => {
    const plan = await planned(unit);
    return fingerprint(plan) === fingerprint(shown) ? carryOut(given, unit, plan, asked) : undefined;
  });
  for (const line of done ?? ['nothing was erased: the record changed meanwhile; look again']) print(line);
  return done ? 0 : 1;
};

const readAsked = (args: readonly string[]): (Asked & { readonly tenant: string }) | undefined => {
  const given = readArguments(args, { texts: ['tenant', 'reason'], flags: ['yes', 'force'] });
  const [what = '', ...more] = given?.rest ?? [];
  const [type, patient = '', ...rest] = what.split('/');
  const [tenant, reason] = [given?.text('tenant'), given?.text('reason')?.trim()];
  if (!given || !tenant || !reason || type !== 'Patient' || !isId(patient) || more.length + rest.length > 0)
    return undefined;
  return { tenant, patient, reason, yes: given.flag('yes'), force: given.flag('force') };
};

export const eraseCommand: Command['run'] = async (place, args) => {
  const asked = readAsked(args);
  if (!asked || (!asked.yes && !process.stdin.isTTY)) {
    print(asked ? `${usage}\nThere is nobody to ask here: look first with a terminal, or add --yes.` : usage);
    return 64;
  }
  if (asked.reason.includes(asked.patient))
    throw misconfigured(['the reason names the patient: it would outlive the erasure']);
  return onKernel(place, asked.tenant, (given) => erase(given, asked));
};
