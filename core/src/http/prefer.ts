/** Reads the Prefer header: how the answer is wanted. What it does not know it leaves aside, as RFC 7240 asks. */
import type { Returning } from '../fhir/interaction.ts';

export interface Preference {
  readonly returning?: Returning;
  readonly handling?: 'strict' | 'lenient';
  readonly async?: true;
}

const returnings: readonly Returning[] = ['minimal', 'representation', 'OperationOutcome'];

const none: Preference = {};

export const readPrefer = (header: string): Preference => {
  if (header === '') return none;
  const wishes = header.split(/[,;]/).map((wish) => wish.trim().replaceAll('"', ''));
  const valueOf = (name: string): string | undefined =>
    wishes
      .map((wish) => wish.split('=', 2).map((part) => part.trim()))
      .find(([key = '']) => key.toLowerCase() === name)?.[1];
  const returning = returnings.find((each) => each.toLowerCase() === valueOf('return')?.toLowerCase());
  const handling = valueOf('handling');
  return {
    ...(returning ? { returning } : {}),
    ...(handling === 'strict' || handling === 'lenient' ? { handling } : {}),
    ...(wishes.includes('respond-async') ? { async: true } : {}),
  };
};
