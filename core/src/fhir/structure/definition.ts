/** The rows of fhir-profiles/core/structures.json and codes.json: R4's types, their elements and the codes that required bindings allow; no profiles, no slices. */

export interface ElementDefinition {
  /** Without `[x]`: of `value[x]` it is `value`. */
  readonly name: string;
  /** Names of types; a backbone element has a type of its own, such as `Patient.contact`. */
  readonly types: readonly string[];
  readonly min: number;
  /** 0 stands for `*`. */
  readonly max: number;
  readonly choice?: true;
  /** Types a Reference may lead to; without it, any. */
  readonly targets?: readonly string[];
  /** The name of a code set: a required binding. */
  readonly codes?: string;
  readonly summary?: true;
  /** The backbone element that is used again here; `types` says the same. */
  readonly content?: string;
}

export interface TypeDefinition {
  readonly name: string;
  readonly kind: 'resource' | 'complex' | 'primitive' | 'backbone';
  readonly base?: string;
  readonly abstract?: true;
  /** A primitive's regular expression as R4 prints it: it stands for the whole text. */
  readonly pattern?: string;
  /** In the order of the specification, inherited ones first. */
  readonly elements: readonly ElementDefinition[];
}

/** What a required binding allows. */
export interface CodeSet {
  readonly name: string;
  /** By code system; null where a system is known by its syntax only. */
  readonly systems: Readonly<Record<string, readonly string[] | null>>;
  /** The syntax of codes that no list holds. */
  readonly pattern?: string;
}
