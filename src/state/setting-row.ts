/** What one setting is: its files below `/`, and how a value is checked, written and read. */
export interface SettingRow<T> {
  /** The files that hold it, with their modes. Two settings may share a file that consists of lines. */
  readonly files: Readonly<Record<string, number>>;
  /** The value in its one form. Throws `setting.value` (kind `corrupt`), one sentence with its place. */
  parse(value: unknown): T;
  /** The text of each of its files. */
  toFiles(value: T): Readonly<Record<string, string>>;
  /**
   * What its files say, for `parse`; undefined: nobody has set it. `read` gives the text of a file, undefined where it is not
   * there; at least one is. May throw a SyntaxError.
   */
  fromFiles(read: (path: string) => string | undefined): unknown;
  /** What holds where nobody has set it, and `config.get` shows. A row without is never shown. */
  readonly initial?: T;
  /** Has methods of its own, and so is no parameter of `config.set`. */
  readonly ownMethods?: true;
}

/** A setting that is one JSON file. */
export function jsonSetting<T extends object>(
  path: string,
  row: Pick<SettingRow<T>, 'parse' | 'initial' | 'ownMethods'> & { readonly mode?: number },
): SettingRow<T> {
  const { mode = 0o644, ...others } = row;
  return {
    ...others,
    files: { [path]: mode },
    toFiles: (value) => ({ [path]: `${JSON.stringify(value, null, 2)}\n` }),
    fromFiles: (read) => JSON.parse(read(path) ?? ''),
  };
}

/** A setting that is one line. */
export function lineSetting(
  path: string,
  row: Pick<SettingRow<string>, 'parse' | 'initial'>,
): SettingRow<string> {
  return {
    ...row,
    files: { [path]: 0o644 },
    toFiles: (value) => ({ [path]: `${value}\n` }),
    fromFiles: (read) => read(path)?.trim(),
  };
}
