/** Joins a stored version's head and tail to the resource's JSON text, without parsing either; and says by which tag and time HTTP knows it. */
import type { Interaction, Stored } from './interaction.ts';

export const textOf = ({ type, id, version, updated, tail }: Stored): string =>
  `{"resourceType":"${type}","id":"${id}","meta":{"versionId":"${version}","lastUpdated":"${new Date(updated).toISOString()}"${tail}`;

export const etagOf = ({ version }: Stored): string => `W/"${version}"`;

/** The tags of a header; weak and strong ones are compared alike, as R4 asks. */
const tagsIn = (header: string): string[] => header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));

const names = (header: string, stored: Stored): boolean => {
  const tags = tagsIn(header);
  return tags.includes('*') || tags.includes(`"${stored.version}"`);
};

/** R4 http.html#cread. A tag says more than a time: with both, the tag decides. */
export const notChangedSince = (
  stored: Stored,
  { ifNoneMatch, ifModifiedSince }: Pick<Interaction, 'ifNoneMatch' | 'ifModifiedSince'>,
): boolean => {
  if (ifNoneMatch !== undefined) return names(ifNoneMatch, stored);
  // The header knows whole seconds only.
  return ifModifiedSince !== undefined && Math.floor(stored.updated / 1000) * 1000 <= ifModifiedSince;
};

export const isMeant = (ifMatch: string | undefined, stored: Stored): boolean =>
  ifMatch === undefined || names(ifMatch, stored);
