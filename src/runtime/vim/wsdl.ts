import { allMethods, messagesSchema, typesSchema } from './schema.ts';

const wsdl = 'http://schemas.xmlsoap.org/wsdl/';
const soap = 'http://schemas.xmlsoap.org/wsdl/soap/';
const head = '<?xml version="1.0" encoding="UTF-8"?>';

/** The files of the WSDL by name; `vimService.wsdl` is where clients begin, and imports the others beside it. */
export const wsdlFiles: Readonly<Record<string, () => string>> = {
  'vimService.wsdl': serviceFile,
  'vim.wsdl': portFile,
  'vim-types.xsd': typesSchema,
  'vim-messagetypes.xsd': messagesSchema,
};

/** The address is a placeholder: clients take the one that they connected to. */
function serviceFile(): string {
  return `${head}
<definitions targetNamespace="urn:vim25Service" xmlns="${wsdl}" xmlns:soap="${soap}" xmlns:interface="urn:vim25">
<import location="vim.wsdl" namespace="urn:vim25"/>
<service name="VimService"><port binding="interface:VimBinding" name="VimPort"><soap:address location="https://localhost/sdk/vimService"/></port></service>
</definitions>
`;
}

function portFile(): string {
  const names = allMethods().map(({ name }) => name);
  const messages = names.map(
    (name) => `${message(name, 'Request', name)}${message(name, 'Response', `${name}Response`)}`,
  );
  const operations = names.map(
    (name) =>
      `<operation name="${name}"><input message="vim25:${name}RequestMsg"/><output message="vim25:${name}ResponseMsg"/></operation>`,
  );
  const body = '<soap:body use="literal"/>';
  const bindings = names.map(
    (name) =>
      `<operation name="${name}"><soap:operation soapAction="urn:vim25/6.5" style="document"/><input>${body}</input><output>${body}</output></operation>`,
  );
  return `${head}
<definitions targetNamespace="urn:vim25" xmlns="${wsdl}" xmlns:soap="${soap}" xmlns:vim25="urn:vim25" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<types><xsd:schema targetNamespace="urn:vim25"><xsd:include schemaLocation="vim-messagetypes.xsd"/></xsd:schema></types>
${messages.join('\n')}
<portType name="VimPortType">
${operations.join('\n')}
</portType>
<binding name="VimBinding" type="vim25:VimPortType"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
${bindings.join('\n')}
</binding>
</definitions>
`;
}

function message(name: string, kind: string, element: string): string {
  return `<message name="${name}${kind}Msg"><part name="parameters" element="vim25:${element}"/></message>`;
}
