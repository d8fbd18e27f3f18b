/** What the bytes of a Binary's version are, as plain data: they are kept apart from the resource and never as base64. */

export type Content =
  /** In memory: they came inside a resource. */
  | { readonly kind: 'here'; readonly bytes: Uint8Array }
  /** Stored already, piece by piece, and nobody's until the version is written. */
  | { readonly kind: 'uploaded'; readonly number: number; readonly size: number }
  /** Those of an earlier version of the same resource. `bytes` where they were read to be looked at. */
  | { readonly kind: 'kept'; readonly version: number; readonly bytes?: Uint8Array };
