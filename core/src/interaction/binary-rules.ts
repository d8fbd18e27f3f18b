/** Reads the operator's lists of media types as one question: is this type taken? */
import type { Configuration } from '../config/schema.ts';
import type { BinaryRules } from './kernel.ts';

const matches = (pattern: string, type: string): boolean => {
  const wanted = pattern.toLowerCase();
  if (wanted === '*/*' || wanted === type) return true;
  return wanted.endsWith('/*') && type.startsWith(wanted.slice(0, -1));
};

export const binaryRules = ({
  limitBytes,
  inlineBytes,
  contentTypes: { allow, refuse },
}: Configuration['fhir']['binary']): BinaryRules => ({
  limitBytes,
  inlineBytes,
  takes: (contentType) => {
    const [name = ''] = contentType.split(';');
    const type = name.trim().toLowerCase();
    const isIn = (patterns: readonly string[]): boolean => patterns.some((pattern) => matches(pattern, type));
    // A range of types says what is wanted, and of no bytes what they are.
    return !type.includes('*') && isIn(allow) && !isIn(refuse);
  },
});
