/** Writes bundles by joining texts: stored resources go into them as they are, and are never parsed on the way out. */

export interface BundleLink {
  readonly relation: 'self' | 'next';
  readonly url: string;
}

export interface BundleHead {
  readonly type: 'searchset' | 'history' | 'batch-response' | 'transaction-response';
  readonly links?: readonly BundleLink[];
  readonly total?: number;
}

/** Each entry is the JSON text of a Bundle.entry. */
export const bundleText = ({ type, links = [], total }: BundleHead, entries: readonly string[]): string => {
  const counted = total === undefined ? '' : `,"total":${total}`;
  const linked = links.length === 0 ? '' : `,"link":${JSON.stringify(links)}`;
  // FHIR knows no empty lists.
  const listed = entries.length === 0 ? '' : `,"entry":[${entries.join(',')}]`;
  return `{"resourceType":"Bundle","type":"${type}"${counted}${linked}${listed}}`;
};

/** Members in the order given; one without a text is left out. */
export const entryText = (members: Readonly<Record<string, string | undefined>>): string =>
  `{${Object.entries(members)
    .flatMap(([name, text]) => (text === undefined ? [] : [`"${name}":${text}`]))
    .join(',')}}`;
