/** Reads from the text of a reference which type of resource it names; knows nothing of where that resource is. */

/** `Patient/1`, also at the end of an address and before a version. */
const form = /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9.-]{1,64}(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;

export const referencedType = (reference: string): string | undefined => form.exec(reference)?.[1];
