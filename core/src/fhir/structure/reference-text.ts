/** Takes a Reference's text apart, by R4 references.html; knows nothing of what stands there. */

export type ReferenceText =
  | { readonly kind: 'relative'; readonly type: string; readonly id: string; readonly version?: string }
  /** `type` and `id` only where the URL ends as a FHIR server's would. */
  | { readonly kind: 'absolute'; readonly type?: string; readonly id?: string; readonly version?: string }
  | { readonly kind: 'contained'; readonly id: string }
  | { readonly kind: 'urn' }
  /** A search that names one resource; only a transaction may hold it. */
  | { readonly kind: 'conditional'; readonly type: string; readonly query: string };

const tail = /^(?:\S*\/)?([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9.-]{1,64})(?:\/_history\/([A-Za-z0-9.-]{1,64}))?$/;

const serverParts = (text: string) => {
  const [, type, id, version] = tail.exec(text) ?? [];
  if (type === undefined || id === undefined) return undefined;
  return { type, id, ...(version === undefined ? {} : { version }) };
};

export const readReference = (text: string): ReferenceText | undefined => {
  if (text.startsWith('#')) return { kind: 'contained', id: text.slice(1) };
  if (text.startsWith('urn:')) return { kind: 'urn' };
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return { kind: 'absolute', ...serverParts(text) };
  const [, conditional, query] = /^([A-Z][A-Za-z]{1,63})\?(\S+)$/.exec(text) ?? [];
  if (conditional !== undefined && query !== undefined) return { kind: 'conditional', type: conditional, query };
  const parts = /^[A-Z]/.test(text) ? serverParts(text) : undefined;
  return parts && text.startsWith(`${parts.type}/${parts.id}`) ? { kind: 'relative', ...parts } : undefined;
};

const slash = 47;

const idToTheEnd = /[A-Za-z0-9.-]{1,64}$/y;

/** Whether it is plainly `Type/id` of one of `types`: the common case, judged without taking anything apart. */
export const leadsPlainly = (text: string, types: readonly string[]): boolean => {
  for (const type of types)
    if (text.charCodeAt(type.length) === slash && text.startsWith(type)) {
      idToTheEnd.lastIndex = type.length + 1;
      return idToTheEnd.test(text);
    }
  return false;
};
