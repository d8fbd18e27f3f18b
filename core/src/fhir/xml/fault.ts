/** A refusal of a body in XML, with its line, column and element; it quotes nothing of the body. */
import { malformed, type Outcome } from '../../outcome/outcome.ts';
import { lineAndColumn } from '../json-scan.ts';

export const xmlFault = (text: string, at: number, says: string, path?: string): Outcome =>
  malformed(`the body ${says}, at ${lineAndColumn(text, at)}`, path === '' ? undefined : path);
