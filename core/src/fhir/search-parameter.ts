/** What a search parameter is, as data: a name under which a type can be searched and the FHIRPath to its values. */

export interface SearchParameter {
  readonly url: string;
  readonly code: string;
  readonly type: 'number' | 'date' | 'string' | 'token' | 'reference' | 'composite' | 'quantity' | 'uri' | 'special';
  readonly base: readonly string[];
  readonly expression?: string;
  readonly target?: readonly string[];
  /** Of one that came at run time: the name under which its entries are kept, which no earlier form of it had. */
  readonly slot?: string;
  /** Of a composite: the parameter whose kind each part has, and where it stands in what the expression finds. */
  readonly component?: readonly { readonly definition: string; readonly expression: string }[];
}
