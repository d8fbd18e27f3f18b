/** Patient/[id]/$break-the-glass: opens a record to a practitioner in an emergency, for a while and with a reason; the right and the notice of it are resources, and everything behind is on record. */
import { bodyOf } from '../fhir/body.ts';
import type { Caller } from '../fhir/interaction.ts';
import type { Operation } from '../interaction/operation-kind.ts';
import { forbidden, invalid, notFound } from '../outcome/outcome.ts';
import { brokenGlass } from '../policy/broken-glass.ts';

/** Long enough for a night in the emergency room. */
const openMs = 12 * 3_600_000;
const shortestReason = 10;
const longestReason = 1_000;

const reasonIn = (resource: Readonly<Record<string, unknown>> | undefined): string => {
  const parameters: readonly unknown[] = Array.isArray(resource?.parameter) ? resource.parameter : [];
  const said = parameters.find(
    (each): each is { readonly name: string; readonly valueString: string } =>
      typeof each === 'object' &&
      each !== null &&
      'name' in each &&
      each.name === 'reason' &&
      'valueString' in each &&
      typeof each.valueString === 'string',
  );
  const reason = said?.valueString.trim() ?? '';
  if (reason.length < shortestReason || reason.length > longestReason)
    throw invalid('reason', `say in ${shortestReason} to ${longestReason} characters why this record must be opened`);
  return reason;
};

export const breakTheGlass: Operation = {
  name: 'break-the-glass',
  definition: 'urn:heddle:OperationDefinition:Patient-break-the-glass',
  levels: ['instance'],
  run: async ({ caller, type, id = '', body }, { perform, now }) => {
    if (type !== 'Patient') throw notFound(`${type}/${id}/$break-the-glass`);
    const { fhirUser } = caller;
    if (fhirUser?.type !== 'Practitioner')
      throw forbidden('only a practitioner may open a record in an emergency: this account is of none');
    const reason = reasonIn(body?.resource);
    // The right is given by the house: whoever receives it may not give it.
    const house: Caller = {
      tenant: caller.tenant,
      tenantName: caller.tenantName,
      subject: caller.subject,
      kind: 'client',
      roles: ['service'],
    };
    await perform({ verb: 'read', type, id, caller: house });
    const [from, until] = [new Date(now()), new Date(now() + openMs)];
    const self = `${fhirUser.type}/${fhirUser.id}`;
    const { consent, notice } = brokenGlass({ patient: `${type}/${id}`, self, reason, from, until });
    const entry = [consent, notice].map((resource) => ({
      resource,
      request: { method: 'POST', url: resource.resourceType },
    }));
    await perform({
      verb: 'transaction',
      body: bodyOf({ resourceType: 'Bundle', type: 'transaction', entry }),
      caller: house,
    });
    return {
      resourceType: 'Parameters',
      parameter: [{ name: 'until', valueInstant: until.toISOString() }],
    };
  },
};
