/** Makes the AuditEvent of an erasure: who, when, how much and why, and of whom nothing. */
import { bodyOf, type Body } from '../../fhir/body.ts';

export interface Erased {
  readonly who: string;
  readonly when: number;
  readonly resources: number;
  readonly versions: number;
  readonly reason: string;
}

const lifecycle = 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle';

export const auditEntry = ({ who, when, resources, versions, reason }: Erased): Body =>
  bodyOf({
    resourceType: 'AuditEvent',
    type: { system: lifecycle, code: 'destroy', display: 'Destroy/Delete Record Lifecycle Event' },
    action: 'D',
    recorded: new Date(when).toISOString(),
    outcome: '0',
    purposeOfEvent: [{ text: reason }],
    agent: [{ name: who, requestor: true }],
    source: { observer: { display: 'heddle erase' } },
    entity: [
      {
        description: 'A patient and all that belonged to the record, erased for ever',
        detail: [
          { type: 'resources', valueString: String(resources) },
          { type: 'past versions', valueString: String(versions) },
        ],
      },
    ],
  });
