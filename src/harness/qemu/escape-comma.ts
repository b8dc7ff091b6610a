/** A text within a list of QEMU's options, where a comma is written twice. */
export function escapeComma(text: string): string {
  return text.replaceAll(',', ',,');
}
