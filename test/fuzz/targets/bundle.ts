import { createHash } from 'node:crypto';
import { decodeBundleIndex, encodeBundleIndex } from '../../../src/update/bundle/bundle-index.ts';
import { openBundle } from '../../../src/update/bundle/bundle-reader.ts';
import { type BundleFile, writeBundle } from '../../../src/update/bundle/bundle-writer.ts';
import { memorySource, streamSource } from '../../../src/update/source/byte-source.ts';
import { mutateBytes } from '../byte-mutations.ts';
import { mutateJson } from '../json-mutations.ts';
import { assertSame } from '../oracle.ts';
import { type Random, randomOf } from '../random.ts';
import { claims, joinTar, mendTar, mutateTar, splitTar, type TarPart } from '../tar-mutations.ts';
import { type FuzzTarget, takenAs } from '../target.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const bundle: FuzzTarget = {
  name: 'bundle',
  seeds: () =>
    Promise.all([
      bundleOf({ 'base.json': 30, 'base.sig': 512, 'modules/a.v00': 700, 'packages/p': 0 }),
      bundleOf({
        'base.json': 1,
        'base.sig': 1,
        'acme.json': 511,
        'acme.sig': 513,
        'modules/b.v00': 3000,
      }),
      bundleOf({ 'base.json': 2, 'base.sig': 2 }),
    ]),
  mutate: mutateBundle,
  async run(input) {
    // Of unknown size every other time, as from a pipe, so that what is wrong is found where it is.
    const source =
      input.length % 2 === 0 ? memorySource('x', input) : streamSource('x', chunksOf(input));
    const { indexBytes, signatureBytes, next } = await openBundle(source);
    const entries: BundleFile[] = [];
    for (let entry = await next(); entry; entry = await next()) {
      const content: Uint8Array[] = [];
      for await (const chunk of entry.chunks()) content.push(chunk);
      entries.push({ path: entry.path, bytes: entry.size, content: () => content });
    }
    // What was taken has one form, and so is written again as it was.
    const written: Uint8Array[] = [];
    await writeBundle((chunk) => void written.push(chunk), { indexBytes, signatureBytes, entries });
    assertSame(Buffer.concat(written), input, 'one bundle in two forms');
    return takenAs(`${Math.min(entries.length, 6)} entries`);
  },
  quotes: true,
};

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const length = 400 + (bytes[bytes.length >> 1] ?? 0) * 16;
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

async function bundleOf(sizes: Readonly<Record<string, number>>): Promise<Uint8Array> {
  const entries = Object.entries(sizes).map(([path, bytes]) => ({
    ...{ path, bytes },
    content: randomOf(bytes).bytes(bytes),
  }));
  const listed = entries.map(({ path, bytes, content }) => ({
    path,
    bytes,
    sha256: sha256(content),
  }));
  const indexBytes = encodeBundleIndex({
    product: 'twinbank',
    version: '0.2.0',
    build: '0.2.0-17',
    entries: listed,
  });
  const parts: Uint8Array[] = [];
  await writeBundle((chunk) => void parts.push(Buffer.from(chunk)), {
    ...{ indexBytes, entries },
    signatureBytes: randomOf(1).bytes(200),
  });
  return Buffer.concat(parts);
}

/** Bytes anywhere; or whole files, most often with an index that lists what has become of them. */
function mutateBundle(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const tokens = ['ustar', '\0', '00000000001', 'bundle.json', 'base.json', 'modules/'];
  if (random.once(4)) {
    const bytes = Buffer.from(mutateBytes(input, random, other, { record: 512, tokens }));
    if (random.once(2)) mendTar(bytes);
    return bytes;
  }
  const changed = mutateTar(input, random, other, (content, one, donor) =>
    content[0] === 0x7b
      ? mutateJson(content, one, donor, tokens)
      : mutateBytes(content, one, donor, { longest: 4000 }),
  );
  return random.once(3) ? changed : relisted(changed, random);
}

/**
 * The same with an index that lists just the files that are there, as far as the index can be read; now and
 * then with a size that both it and the file's header claim.
 */
function relisted(tar: Buffer, random: Random): Uint8Array {
  const { parts, rest } = splitTar(tar);
  const [index, signature, ...found] = parts;
  if (!index || !signature) return tar;
  const liar = random.once(8) ? random.below(found.length + 1) : -1;
  const files = found.map(
    (file, at): TarPart => (at === liar ? { ...file, claim: random.pick(claims) } : file),
  );
  try {
    const entries = files.map(({ header, content, claim = content.length }) => ({
      path: Buffer.from(header).toString('latin1', 0, 100).replace(/\0.*$/s, ''),
      ...{ bytes: claim, sha256: sha256(content) },
    }));
    const content = encodeBundleIndex({ ...decodeBundleIndex(index.content, ''), entries });
    return joinTar([{ ...index, content }, signature, ...files], rest);
  } catch {
    return tar;
  }
}
