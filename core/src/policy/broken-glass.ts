/** What a Consent looks like by which somebody was let into a record in an emergency, and how such are found: it is a resource like any other, and ends by itself. */
import type { Clause } from '../fhir/search/query.ts';

const reasons = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const purpose = { system: reasons, code: 'BTG', display: 'break the glass' };

export interface Breaking {
  /** `Patient/x` */
  readonly patient: string;
  /** Who is let in. */
  readonly self: string;
  readonly reason: string;
  readonly from: Date;
  readonly until: Date;
}

/** Resources that belong together: the right, and the notice of it. */
export const brokenGlass = ({ patient, self, reason, from, until }: Breaking) => ({
  consent: {
    resourceType: 'Consent',
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'treatment' }] },
    category: [{ coding: [purpose] }],
    patient: { reference: patient },
    dateTime: from.toISOString(),
    performer: [{ reference: self }],
    policyRule: { text: reason },
    provision: {
      type: 'permit',
      period: { start: from.toISOString(), end: until.toISOString() },
      actor: [
        {
          role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
          reference: { reference: self },
        },
      ],
      purpose: [purpose],
    },
  },
  notice: {
    resourceType: 'Communication',
    status: 'completed',
    category: [{ coding: [purpose] }],
    priority: 'urgent',
    subject: { reference: patient },
    sender: { reference: self },
    sent: from.toISOString(),
    reasonCode: [{ coding: [purpose], text: reason }],
    payload: [{ contentString: `The record was opened in an emergency until ${until.toISOString()}: ${reason}` }],
  },
});

/** Those by which somebody is let in at this moment. */
export const openGlass = (self: { readonly type: string; readonly id: string }, now: number): readonly Clause[] => [
  { kind: 'token', code: 'status', values: [{ code: 'active' }] },
  { kind: 'token', code: 'purpose', values: [{ system: reasons, code: 'BTG' }] },
  { kind: 'reference', code: 'actor', values: [self] },
  { kind: 'date', code: 'period', values: [{ prefix: 'ge', low: now, high: now }] },
];
