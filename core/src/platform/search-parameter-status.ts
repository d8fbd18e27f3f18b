/** SearchParameter/[id]/$status: whether resources can be searched by a tenant's own parameter yet, and how far its index is. */
import type { Operation } from '../interaction/operation-kind.ts';
import { notFound } from '../outcome/outcome.ts';

export const searchParameterStatus: Operation = {
  name: 'status',
  definition: 'urn:heddle:OperationDefinition:SearchParameter-status',
  levels: ['instance'],
  run: async ({ caller, type, id = '' }, { ownStatus, perform }) => {
    if (type !== 'SearchParameter') throw notFound(`${type}/${id}/$status`);
    // Who cannot read it is not told of it.
    await perform({ verb: 'read', type, id, caller });
    const status = await ownStatus(caller.tenant, id);
    const progress = status && [
      { name: 'resources', valueDecimal: status.seen },
      ...(status.total === null ? [] : [{ name: 'of', valueDecimal: status.total }]),
    ];
    return {
      resourceType: 'Parameters',
      parameter: [
        { name: 'searchable', valueBoolean: status?.state === 'ready' },
        { name: 'state', valueCode: status?.state ?? 'unused' },
        ...(progress ?? []),
      ],
    };
  },
};
