/** Text that somebody else chose, for a message: quoted, printable ASCII only, at most 60 characters of it. */
export function quote(text: string): string {
  const head = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return JSON.stringify(head).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
