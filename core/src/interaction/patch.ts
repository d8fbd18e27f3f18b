/** patch: the next version of a resource, told as what differs from the current one; with criteria, of the one that matches. */
import { parseBody, parsePatch, type Body } from '../fhir/body.ts';
import type { Interaction, Patch, Stored } from '../fhir/interaction.ts';
import { parseLossless } from '../fhir/lossless.ts';
import { applyFhirPathPatch } from '../fhir/patch/fhirpath-patch.ts';
import { applyJsonPatch } from '../fhir/patch/json-patch.ts';
import type { Members } from '../fhir/members.ts';
import { textOf } from '../fhir/stored.ts';
import { invalid, malformed, notFound, Outcome } from '../outcome/outcome.ts';
import { inTransaction, matchOrMiss } from './conditional.ts';
import { isBinary, openedForPatch } from './binary.ts';
import type { Kernel, Verb, Within } from './kernel.ts';
import { replace, type Next } from './make.ts';
import { unitOf } from './unit-of.ts';

/** The tree keeps the digits of its numbers, and so does the text that is made of it again. */
const patched = (kernel: Kernel, current: Stored, patch: Patch): unknown => {
  const tree = parseLossless(textOf(current)) as Members;
  return patch.kind === 'json'
    ? applyJsonPatch(parsePatch(patch.text), tree)
    : applyFhirPathPatch(patch.parameters.exact ?? patch.parameters.resource, tree, kernel.model);
};

const next = (kernel: Kernel, { patch, type, id }: Interaction, current: Stored | undefined): Body => {
  if (!patch) throw malformed('patch needs a JSON Patch or a FHIRPath Patch in its body');
  if (!current || current.deleted) throw notFound(`${type}/${id}`);
  const body = parseBody(JSON.stringify(patched(kernel, current, patch)));
  const { resource } = body;
  if (resource.resourceType !== type || resource.id !== id)
    throw invalid(`${type}.id`, 'a patch cannot change what a resource is called or of which type it is');
  const issues = kernel.structures.faults(body.exact ?? resource);
  if (issues.length > 0) throw new Outcome(400, issues);
  return body;
};

/** A Binary is patched with its data in it. */
const nextOf =
  (kernel: Kernel, interaction: Interaction, within: Within | undefined): Next =>
  async (current) => {
    if (!current || current.deleted || !isBinary(current)) return next(kernel, interaction, current);
    const unit = unitOf(kernel, interaction.caller, within);
    const { stored, close } = await openedForPatch(kernel, unit, current);
    return close(next(kernel, interaction, stored));
  };

export const patch: Verb = {
  name: 'patch',
  capability: { level: 'type', code: 'patch' },
  run: (kernel, interaction, within) => {
    if (!interaction.criteria)
      return replace(kernel, interaction, 'PATCH', nextOf(kernel, interaction, within), within);
    return inTransaction(kernel, interaction, within, async (part) => {
      const id = await matchOrMiss(kernel, interaction, part, 'replace');
      const named = { ...interaction, id };
      return replace(kernel, named, 'PATCH', nextOf(kernel, named, part), part);
    });
  },
};
