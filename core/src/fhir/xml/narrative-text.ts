/** The text of a narrative's div as JSON holds it: as it was written, or written anew where it leans on declarations outside it. */
import { attributeText, contentText } from './characters.ts';
import type { XmlElement } from './element.ts';

export const xhtmlSpace = 'http://www.w3.org/1999/xhtml';

const standsAlone = (element: XmlElement): boolean =>
  element.prefix === '' &&
  element.children.every((child) => typeof child === 'string' || (child.space === xhtmlSpace && standsAlone(child)));

const written = ({ name, attributes, children, space }: XmlElement, declaration: string): string => {
  const all = attributes
    .map((attribute) => ` ${attribute.space === '' ? '' : 'xml:'}${attribute.name}="${attributeText(attribute.value)}"`)
    .join('');
  const foreign = space === xhtmlSpace ? '' : ` xmlns="${attributeText(space)}"`;
  const inside = children
    .map((child) => (typeof child === 'string' ? contentText(child) : written(child, '')))
    .join('');
  return inside === ''
    ? `<${name}${declaration}${foreign}${all}/>`
    : `<${name}${declaration}${foreign}${all}>${inside}</${name}>`;
};

export const narrativeText = (text: string, div: XmlElement): string => {
  const raw = text.slice(div.at, div.end);
  const asIs =
    div.declared.get('') === xhtmlSpace && standsAlone(div) && !raw.includes('<![CDATA[') && !raw.includes('<?');
  return asIs ? raw : written(div, ` xmlns="${xhtmlSpace}"`);
};
