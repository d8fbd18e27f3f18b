/** What the XML reader makes of a text: elements with their namespaces resolved; comments and processing instructions are gone. */

export interface XmlAttribute {
  readonly name: string;
  /** Empty without a prefix: such an attribute belongs to its element. */
  readonly space: string;
  readonly value: string;
  readonly at: number;
}

export interface XmlElement {
  readonly name: string;
  readonly prefix: string;
  readonly space: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: (XmlElement | string)[];
  /** Where its first tag begins in the text. */
  readonly at: number;
  /** Where its last tag ends. */
  end: number;
  /** What it declares itself, by prefix; the empty one is the default. */
  readonly declared: ReadonlyMap<string, string>;
}
