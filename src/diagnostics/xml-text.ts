/** What XML 1.0 has no way to say: control characters, halves of surrogate pairs, U+FFFE and U+FFFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const unspeakable = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu;
const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** Text for elements and attributes in double quotes; what XML 1.0 cannot say becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(unspeakable, '\ufffd').replace(/[&<>"\r]/g, (one) => escapes[one] ?? one);
}
