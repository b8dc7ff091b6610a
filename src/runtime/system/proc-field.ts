/** A field of a file in `/proc` that names a path: blanks and backslashes in it are octal (proc(5)). */
export function procField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
