/** A file of a state, as the archive and the running system have it. */
export interface StateFile {
  /** Without a leading `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}
