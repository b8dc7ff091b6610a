import { escapeXml } from '../../diagnostics/xml-text.ts';

/** Text of an XML 1.0 document or attribute: escaped, and what XML has no form for (section 2.2) to be seen. */
function xmlText(text: string): string {
  return escapeXml(visible(text));
}

/** The same in an attribute, where a parser would make blanks of line ends. */
function xmlAttribute(text: string): string {
  return xmlText(text).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}

export type XmlNode = string | readonly [name: string, attributes: Attributes, ...XmlNode[]];
type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element with its attributes, one a line, indented; attributes that are undefined are left out. Text is kept as it is. */
export function xmlElement(node: XmlNode, indent = ''): string {
  if (typeof node === 'string') return xmlText(node);
  const [name, attributes, ...children] = node;
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${xmlAttribute(String(value))}"`);
  const open = `${indent}<${name}${given.join('')}`;
  if (children.length === 0) return `${open}/>`;
  if (children.some((child) => typeof child === 'string')) {
    return `${open}>${children.map((child) => xmlElement(child)).join('')}</${name}>`;
  }
  const inner = children.map((child) => xmlElement(child, `${indent}  `));
  return [`${open}>`, ...inner, `${indent}</${name}>`].join('\n');
}

/** Controls, half surrogates and what turns the direction of text around become the number of the character. */
function visible(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(
      /(?![\n\t])[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu,
      (one) => {
        const code = one.codePointAt(0) ?? 0;
        return `\\u${code.toString(16).padStart(4, '0')}`;
      },
    );
}
