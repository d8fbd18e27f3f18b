/** Every verb of the kernel. A new one is a file beside these and a row here; how HTTP asks for it is a row in http/fhir-request.ts. */
import { capabilities } from './capabilities.ts';
import { create } from './create.ts';
import { operation } from './operation.ts';
import { read } from './read.ts';
import type { Verb } from './kernel.ts';

export const verbs: readonly Verb[] = [capabilities, create, read, operation];
