/** Where a page of a GraphQL search stands, as a word that callers hand back: the search it belongs to and how many came before; refuses what it did not make. */
import { invalid } from '../../outcome/outcome.ts';

export interface Place {
  readonly offset: number;
  readonly query: URLSearchParams;
}

export const placeText = ({ offset, query }: Place): string =>
  Buffer.from(`${offset} ${query.toString()}`).toString('base64url');

export const readPlace = (text: string): Place => {
  const [, offset, query] = /^(\d{1,9}) ([^\s]*)$/.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  if (offset === undefined || query === undefined)
    throw invalid('_cursor', '_cursor is not one that this server gave: use those of a connection as they are');
  return { offset: Number(offset), query: new URLSearchParams(query) };
};
