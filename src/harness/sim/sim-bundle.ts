import { TwinbankError } from '../../diagnostics/error.ts';
import { type ByteSource, memorySource, streamSource } from '../../update/source/byte-source.ts';
import { httpSource } from '../../update/source/http-source.ts';

/** A bundle that a caller sends in pieces: what was sent is taken before the next is asked for. */
export interface BundlePipe {
  /** An update that may read the pieces begins, or is over. */
  begin(): void;
  end(): void;
  pieces(): AsyncGenerator<Uint8Array>;
  /** `update.send`. Throws `update.not-wanted` where nobody takes it. */
  send(params: Readonly<Record<string, unknown>>): Promise<{ readonly bytes: number }>;
}

export function bundlePipe(): BundlePipe {
  /** Whoever waits for a piece, and whoever waits for that. */
  let take: ((piece: Uint8Array | undefined) => void) | undefined;
  let announce: (() => void) | undefined;
  let running = false;

  async function give(piece: Uint8Array | undefined): Promise<void> {
    while (running && !take) {
      await new Promise<void>((resolve) => {
        announce = resolve;
      });
    }
    if (!take) throw unwanted();
    const taker = take;
    take = undefined;
    taker(piece);
  }

  return {
    begin() {
      running = true;
    },
    end() {
      running = false;
      take = undefined;
      announce?.();
    },
    async *pieces() {
      for (;;) {
        const piece = await new Promise<Uint8Array | undefined>((resolve) => {
          take = resolve;
          announce?.();
        });
        if (!piece) return;
        yield piece;
      }
    },
    async send({ data, end = false }) {
      const piece = data === undefined ? undefined : bytesOf(data);
      if (piece) await give(piece);
      if (end === true) await give(undefined);
      return { bytes: piece?.length ?? 0 };
    },
  };
}

/** `update.stage`: a piece of a file in `/tmp`. */
export function stageBundle(
  staged: Map<string, Uint8Array>,
  { name, offset, data }: Readonly<Record<string, unknown>>,
): { readonly path: string; readonly bytes: number } {
  if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw wrong(`name: expected a file name, found ${JSON.stringify(name ?? null)}`);
  }
  const path = `/tmp/${name}`;
  const there = staged.get(path) ?? new Uint8Array();
  if (offset !== 0 && offset !== there.length) {
    throw wrong(`offset: expected 0 or ${there.length}, found ${JSON.stringify(offset ?? null)}`);
  }
  const bytes = Buffer.concat([there.subarray(0, offset), bytesOf(data)]);
  staged.set(path, bytes);
  return { path, bytes: bytes.length };
}

/** What `update.apply` is told to read. */
export async function openBundle(
  source: unknown,
  staged: ReadonlyMap<string, Uint8Array>,
  pipe: BundlePipe,
): Promise<ByteSource> {
  if (source === '-') return streamSource('the bundle', pipe.pieces());
  if (typeof source === 'string') {
    if (/^https?:\/\//i.test(source)) return httpSource(source, {});
    const bytes = staged.get(source);
    if (bytes) return memorySource(source, bytes);
  }
  const found = JSON.stringify(source ?? null).slice(0, 80);
  throw wrong(`source: expected a file in /tmp, an http or https URL, or -, found ${found}`);
}

function bytesOf(data: unknown): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'base64');
  throw wrong('data: expected bytes in base64');
}

function wrong(message: string): TwinbankError {
  return new TwinbankError('refused', 'usage', message);
}

function unwanted(): TwinbankError {
  const message = 'expected an update that takes pieces, found none';
  return new TwinbankError('refused', 'update.not-wanted', message);
}
