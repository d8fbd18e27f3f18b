/** Writes a first or a next version: what create, update and patch have in common. */
import type { Body } from '../fhir/body.ts';
import type { Answer, Interaction, Stored } from '../fhir/interaction.ts';
import { etagOf, isMeant } from '../fhir/stored.ts';
import { conflict, forbidden, notFound, preconditionFailed, unavailable } from '../outcome/outcome.ts';
import type { Method } from '../store/change.ts';
import type { Current } from '../store/resources.ts';
import { checkContext, isBinary } from './binary.ts';
import { composed, storedBy } from './compose.ts';
import { bodyIn, idIn, typeIn } from './given.ts';
import type { Kernel, Within } from './kernel.ts';
import { unitOf } from './unit-of.ts';

/** A new resource. Its id is the server's own, or the one that a transaction has given it already. */
export const make = async (kernel: Kernel, interaction: Interaction, within: Within | undefined): Promise<Answer> => {
  const { caller } = interaction;
  const [type, body] = [typeIn(interaction), bodyIn(interaction)];
  // R4 http.html#create: an id in the body is ignored.
  const id = interaction.id ?? kernel.ids();
  const change = await composed(kernel, { caller, type, id, method: 'POST', before: undefined, within }, body);
  const unit = unitOf(kernel, caller, within);
  const stored = storedBy(kernel, change, await unit.write(change), body.resource);
  if (!stored) throw conflict(`${type}/${id} is there already; nothing was changed`);
  return { status: 201, stored };
};

/** RFC 9110, 13.1: what the caller says of the version that is to be changed holds, or nothing is done. */
export const checkMeant = (interaction: Interaction, current: Stored | undefined): void => {
  const { ifMatch, ifNoneMatch, type, id } = interaction;
  if (ifNoneMatch !== undefined && current && !current.deleted && isMeant(ifNoneMatch, current))
    throw preconditionFailed(
      `${type}/${id} is at version ${etagOf(current)}, which If-None-Match rules out; nothing was changed`,
    );
  if (ifMatch === undefined) return;
  if (!current || current.deleted)
    throw preconditionFailed(`${type}/${id} does not exist, and If-Match asks for a version of it`);
  if (!isMeant(ifMatch, current))
    throw preconditionFailed(
      `${type}/${id} is at version ${etagOf(current)}, not at the one that If-Match names: read it again`,
    );
};

/** Makes the next version's body from the current one; undefined where there is none yet. */
export type Next = (current: Current | undefined) => Body | Promise<Body>;

/** Without a lock somebody may always be faster; after so many times the row is locked first. */
const triesWithoutLock = 4;

const attempt = async (
  kernel: Kernel,
  interaction: Interaction,
  method: Method,
  next: Next,
  within: Within | undefined,
): Promise<Answer | undefined> => {
  const { caller } = interaction;
  const [type, id] = [typeIn(interaction), idIn(interaction)];
  const unit = unitOf(kernel, caller, within);
  const before = await unit.find(type, id, 'replace');
  checkMeant(interaction, before);
  const isNew = !before || before.deleted;
  if (isNew && method === 'PATCH') throw notFound(`${type}/${id}`);
  if (isNew) {
    const decision = kernel.roles.judge(caller, 'create', type);
    if (!decision.permitted) throw forbidden(decision.reason);
  }
  if (before && isBinary(before)) await checkContext(kernel, caller, before, unit);
  const body = await next(before);
  const change = await composed(kernel, { caller, type, id, method, before, within }, body);
  const stored = storedBy(kernel, change, await unit.write(change), body.resource);
  return stored && { status: isNew ? 201 : 200, stored };
};

/** The next version of a resource; whoever comes at the same time waits its turn, and nobody is refused for being late. */
export const replace = async (
  kernel: Kernel,
  interaction: Interaction,
  method: Method,
  next: Next,
  within: Within | undefined,
): Promise<Answer> => {
  for (let tries = within ? triesWithoutLock : 0; tries < triesWithoutLock; tries++) {
    const answer = await attempt(kernel, interaction, method, next, undefined);
    if (answer) return answer;
  }
  const locked = (part: Within): Promise<Answer | undefined> => attempt(kernel, interaction, method, next, part);
  const answer = within
    ? await locked(within)
    : await kernel.store.transaction(
        interaction.caller.tenant,
        (unit) => locked({ unit, transaction: unit, arriving: new Set() }),
        interaction.signal,
      );
  if (!answer) throw unavailable('too many wrote this resource at the same time; nothing was changed');
  return answer;
};
