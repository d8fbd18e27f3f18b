/** What a verb cannot do without; the line has looked at the content of each. */
import type { Body } from '../fhir/body.ts';
import type { Interaction } from '../fhir/interaction.ts';
import { malformed } from '../outcome/outcome.ts';

export const typeIn = ({ type, verb }: Interaction): string => {
  if (type === undefined) throw malformed(`${verb} needs a type`);
  return type;
};

export const idIn = ({ id, verb }: Interaction): string => {
  if (id === undefined) throw malformed(`${verb} needs an id, or criteria in its address`);
  return id;
};

export const bodyIn = ({ body, verb }: Interaction): Body => {
  if (body === undefined) throw malformed(`${verb} needs a resource in its body`);
  return body;
};
