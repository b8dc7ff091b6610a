import { TwinbankError } from '../diagnostics/error.ts';
import { escapeXml } from '../diagnostics/xml-text.ts';
import { parseXml, type XmlElement, type XmlLimits } from './xml.ts';

export const soapNamespace = 'http://schemas.xmlsoap.org/soap/envelope/';
export const xsiNamespace = 'http://www.w3.org/2001/XMLSchema-instance';
export const xsdNamespace = 'http://www.w3.org/2001/XMLSchema';

/** A request that clients of the API send is far below; uploads are no SOAP. */
export const soapLimits: XmlLimits = {
  bytes: 4 * 2 ** 20,
  depth: 64,
  elements: 50_000,
  attributes: 32,
  textLength: 2 ** 20,
};

/**
 * The one element in the body of a SOAP 1.1 envelope. Names count, name spaces do not: some clients put the call into
 * the envelope's. Throws TwinbankError `xml.*` or `soap.envelope`, of kind `corrupt`.
 */
export function readEnvelope(bytes: Uint8Array, limits = soapLimits): XmlElement {
  const root = parseXml(bytes, limits);
  if (root.name !== 'Envelope') throw notSoap(root, 'Envelope', [root]);
  const bodies = root.children.filter(({ name }) => name === 'Body');
  const [body] = bodies;
  if (!body || bodies.length > 1) throw notSoap(root, 'one Body', root.children);
  const [call] = body.children;
  if (!call || body.children.length > 1) throw notSoap(body, 'one element in Body', body.children);
  return call;
}

function notSoap(at: XmlElement, expected: string, found: readonly XmlElement[]): TwinbankError {
  const names = found.slice(0, 3).map(({ name }) => name.slice(0, 64).replace(/[^ -~]/g, '?'));
  const message = `line ${at.line}: expected ${expected}, found ${names.join(', ') || 'nothing'}`;
  return new TwinbankError('corrupt', 'soap.envelope', message);
}

/** An envelope around XML that is put in as it is; the prefixes `soapenv`, `xsd` and `xsi` are declared. */
export function writeEnvelope(body: string): string {
  const spaces = `xmlns:soapenv="${soapNamespace}" xmlns:xsd="${xsdNamespace}" xmlns:xsi="${xsiNamespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope ${spaces}>\n<soapenv:Body>\n${body}\n</soapenv:Body>\n</soapenv:Envelope>`;
}

/** A fault whose detail is XML; white space in it confuses clients, so there is none. */
export function writeFault(message: string, detail: string): string {
  return writeEnvelope(
    `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${escapeXml(message)}</faultstring><detail>${detail}</detail></soapenv:Fault>`,
  );
}
