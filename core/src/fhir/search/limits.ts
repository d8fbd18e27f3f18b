/** How long a text may be that a search looks for: what is longer than an entry of the index is told apart by a digest, which has no beginning and no middle. */

/** Of a beginning, or of an address that others are below. */
export const longestStart = 400;

/** Of what may stand anywhere in a string. */
export const longestWithin = 200;
