/** A file in a module, as the running system sees it. */
export interface ModuleFile {
  /** Without a leading `/`; the root itself is `/`. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  /** Permission bits. */
  readonly mode: number;
  /** `UID:GID`. */
  readonly owner: string;
  /** Of a file's content; 0 for everything else. */
  readonly bytes: number;
  /** Of a file's content; empty for everything else. */
  readonly sha256: string;
  /** Of a symbolic link; of what has no name here, how the archive describes it. */
  readonly target: string;
  /** The content, of a text that is short enough and was asked for. */
  readonly text?: string;
}

/** More is no text that anybody reads as lines. */
export const maxTextBytes = 2 ** 16;

/** The content as text; undefined for what is too long, or has a NUL, as no text has. */
export function textOf(content: Uint8Array): string | undefined {
  if (content.length > maxTextBytes || content.includes(0)) return undefined;
  return Buffer.from(content).toString('utf8');
}
