import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

export interface LogFileOptions {
  readonly folder: string;
  /** `vmkernel` is the file `vmkernel.log`; the older ones are `vmkernel.0.log`, the newest of them, and so on. */
  readonly name: string;
  /** A file that would become longer becomes an older one, and a new one begins. */
  readonly fileBytes: number;
  /** How many older ones there are at most. */
  readonly older: number;
  /** In tests another one. Default: {@link writeSync}. */
  readonly write?: (fd: number, bytes: Uint8Array) => number;
}

/** Text from a position on, whole lines. */
export interface LogPage {
  readonly text: string;
  /** Position of the first byte: later than what was asked for where that is gone. */
  readonly from: number;
  /** Ask from here next. */
  readonly next: number;
  /** There is no more now. */
  readonly end: boolean;
}

export interface LogFileStatus {
  readonly file: string;
  /** Bytes in all its files. */
  readonly bytes: number;
  /** Position of the oldest byte that is there, and of the next one that comes. */
  readonly first: number;
  readonly next: number;
  /** Bytes that could not be written. */
  readonly lost: number;
}

/** Bytes that wait for the end of this turn of the event loop; more are written at once. */
const mostPending = 64 << 10;

/**
 * A log of several files in one folder, of which the oldest goes when there are too many. A position counts the bytes of the log since
 * its oldest file was found at the start; it stays when files are rotated. Where the folder has no room, the
 * oldest file goes as well, and what then still finds none is counted.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  /** Bytes of the files, the newest first. */
  readonly #sizes: number[] = [];
  /** Position of the first byte of the oldest file. */
  #first = 0;
  #fd: number | undefined;
  /** Lines of this turn of the event loop. */
  #pending: string[] = [];
  #pendingBytes = 0;
  /** Those of them that go to the newest file in one write. */
  #batch: Buffer[] = [];
  #batchBytes = 0;
  #lost = 0;

  /** Goes on with the files that are there. Throws where the folder takes no file. */
  constructor(options: LogFileOptions) {
    this.#options = options;
    // The newest is always there; whoever wrote the others may have ended while they were renamed.
    this.#open();
    for (let index = 0; existsSync(this.#path(index)); index++) {
      this.#sizes.push(statSync(this.#path(index)).size);
    }
  }

  /** Adds a line, which ends with a line feed: now, or with others at the end of this turn of the event loop. */
  append(line: string): void {
    if (this.#pending.length === 0) setImmediate(() => this.flush());
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    if (this.#pendingBytes >= mostPending) this.flush();
  }

  /** Writes what waits. Never throws. */
  flush(): void {
    for (const line of this.#pending.splice(0)) this.#addToBatch(Buffer.from(line));
    this.#pendingBytes = 0;
    this.#writeBatch();
  }

  status(): LogFileStatus {
    this.flush();
    const bytes = this.#bytes();
    const first = this.#first;
    return { file: this.#options.name, bytes, first, next: first + bytes, lost: this.#lost };
  }

  /** At most `most` bytes from a position on, cut after the last whole line; from the oldest or the next one where it is no position of this log. */
  read(position: number, most: number): LogPage {
    this.flush();
    const all = this.#first + this.#bytes();
    let from = Math.min(Math.max(position, this.#first), all);
    let at = this.#first;
    for (let index = this.#sizes.length - 1; index >= 0; index--) {
      const size = this.#sizes[index] ?? 0;
      if (from < at + size) {
        const text = this.#readWhole(index, from - at, Math.min(most, at + size - from));
        const next = from + Buffer.byteLength(text);
        if (text !== '' || index === 0) return { text, from, next, end: next >= all };
        // Half a line at the end of an older file, of an agent that was killed.
        from = at + size;
      }
      at += size;
    }
    return { text: '', from, next: from, end: true };
  }

  #readWhole(index: number, start: number, length: number): string {
    const bytes = Buffer.alloc(length);
    const fd = openSync(this.#path(index), 'r');
    try {
      const got = bytes.subarray(0, readSync(fd, bytes, 0, length, start));
      // Every line is shorter than what is asked for.
      return got.subarray(0, got.lastIndexOf(0x0a) + 1).toString();
    } finally {
      closeSync(fd);
    }
  }

  #addToBatch(line: Buffer): void {
    const size = (this.#sizes[0] ?? 0) + this.#batchBytes;
    if (size > 0 && size + line.length > this.#options.fileBytes) {
      this.#writeBatch();
      this.#rotate();
    }
    this.#batch.push(line);
    this.#batchBytes += line.length;
  }

  #writeBatch(): void {
    const bytes = Buffer.concat(this.#batch);
    this.#batch = [];
    this.#batchBytes = 0;
    if (bytes.length > 0 && !this.#write(bytes)) {
      // No room: what is oldest is worth least.
      if (!this.#dropOldest() || !this.#write(bytes)) this.#lost += bytes.length;
    }
  }

  /** All of it or nothing; false where it does not fit. */
  #write(bytes: Buffer): boolean {
    const { write = writeSync } = this.#options;
    const before = this.#sizes[0] ?? 0;
    try {
      const fd = this.#open();
      for (let done = 0; done < bytes.length; ) {
        const put = write(fd, bytes.subarray(done));
        done += put;
        this.#sizes[0] = (this.#sizes[0] ?? 0) + put;
      }
      return true;
    } catch {
      // Nobody is to read half a line.
      if (this.#fd !== undefined) ftruncateSync(this.#fd, before);
      this.#sizes[0] = before;
      return false;
    }
  }

  #open(): number {
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
    this.#fd ??= openSync(this.#path(0), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o640);
    return this.#fd;
  }

  #rotate(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    if (this.#sizes.length > this.#options.older) this.#dropOldest();
    for (let index = this.#sizes.length - 1; index >= 0; index--) {
      renameSync(this.#path(index), this.#path(index + 1));
    }
    this.#sizes.unshift(0);
  }

  /** False where there is none but the one that is written to. */
  #dropOldest(): boolean {
    if (this.#sizes.length <= 1) return false;
    const gone = this.#sizes.pop() ?? 0;
    this.#first += gone;
    rmSync(this.#path(this.#sizes.length), { force: true });
    return true;
  }

  #bytes(): number {
    return this.#sizes.reduce((sum, size) => sum + size, 0);
  }

  #path(index: number): string {
    const { folder, name } = this.#options;
    return join(folder, index === 0 ? `${name}.log` : `${name}.${index - 1}.log`);
  }
}
