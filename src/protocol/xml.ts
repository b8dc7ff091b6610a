import { SaxesParser } from 'saxes';
import { TwinbankError } from '../diagnostics/error.ts';

/** What one document may have. All of it is checked while it is read, before more is built. */
export interface XmlLimits {
  readonly bytes: number;
  readonly depth: number;
  readonly elements: number;
  /** Of one element, declarations of name spaces included. */
  readonly attributes: number;
  /** UTF-16 units of one element's text or one attribute. */
  readonly textLength: number;
}

/** An element by its local name: prefixes are the sender's own affair. */
export interface XmlElement {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: XmlElement[];
  /** All its own text, without that of its children. */
  text: string;
  readonly line: number;
}

export interface XmlAttribute {
  readonly name: string;
  readonly namespace: string;
  readonly value: string;
}

export function xmlAttribute(
  element: XmlElement,
  name: string,
  namespace = '',
): string | undefined {
  return element.attributes.find((one) => one.name === name && one.namespace === namespace)?.value;
}

/**
 * The root element of a document in UTF-8. Throws TwinbankError `xml.*` of kind `corrupt` where it is not well-formed,
 * has a document type (and so entities), or more than the limits.
 */
export function parseXml(bytes: Uint8Array, limits: XmlLimits): XmlElement {
  if (bytes.length > limits.bytes) throw tooMuch(1, 'bytes', limits.bytes, bytes.length);
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  let attributes = 0;
  const parser = new SaxesParser({ xmlns: true });
  const text = (more: string): void => {
    const at = open.at(-1);
    if (!at) return;
    at.text += more;
    if (at.text.length > limits.textLength) {
      throw tooMuch(parser.line, 'characters of text', limits.textLength, at.text.length);
    }
  };
  parser.on('error', ({ message }) => {
    // The parser's message quotes the document, of any length and any characters.
    const reason = message.replace(/^[\d:\s]+/, '').replace(/[^ -~]/g, '?');
    throw new TwinbankError('corrupt', 'xml.form', `line ${parser.line}: ${reason.slice(0, 200)}`);
  });
  parser.on('doctype', () => {
    const message = `line ${parser.line}: expected no document type, found one`;
    throw new TwinbankError('corrupt', 'xml.doctype', message);
  });
  parser.on('opentagstart', () => {
    attributes = 0;
    elements += 1;
    if (elements > limits.elements) {
      throw tooMuch(parser.line, 'elements', limits.elements, elements);
    }
    if (open.length + 1 > limits.depth) {
      throw tooMuch(parser.line, 'levels', limits.depth, open.length + 1);
    }
  });
  parser.on('attribute', ({ value }) => {
    attributes += 1;
    if (attributes > limits.attributes) {
      throw tooMuch(parser.line, 'attributes', limits.attributes, attributes);
    }
    if (value.length > limits.textLength) {
      throw tooMuch(parser.line, 'characters of text', limits.textLength, value.length);
    }
  });
  parser.on('opentag', ({ local, uri, attributes: found }) => {
    const element: XmlElement = {
      name: local,
      namespace: uri,
      children: [],
      text: '',
      line: parser.line,
      attributes: Object.values(found).map((one) => ({
        name: one.local,
        namespace: one.uri,
        value: one.value,
      })),
    };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  parser.on('text', text);
  parser.on('cdata', text);
  parser.write(decode(bytes)).close();
  if (!root)
    throw new TwinbankError('corrupt', 'xml.form', 'line 1: expected an element, found none');
  return root;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TwinbankError(
      'corrupt',
      'xml.encoding',
      'line 1: expected UTF-8, found other bytes',
      {
        cause,
      },
    );
  }
}

function tooMuch(line: number, what: string, limit: number, found: number): TwinbankError {
  const message = `line ${line}: expected at most ${limit} ${what}, found ${found} or more`;
  return new TwinbankError('corrupt', 'xml.limit', message);
}
