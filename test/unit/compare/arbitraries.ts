import fc from 'fast-check';
import type {
  DescribedBank,
  DescribedImage,
  DescribedSystem,
} from '../../../src/compare/described.ts';

// Few values, so that two sides often have the same and often only nearly.
const word = fc.constantFrom('a', 'b', 'c', 'quiet', 'x=1', 'x=2');
const few = (max: number) => fc.integer({ min: 0, max });
const hash = fc.constantFrom('0', '1', '2').map((digit) => digit.repeat(64));

const module = fc.record({
  name: word,
  file: fc.constantFrom('a.v00', 'b.v00'),
  version: fc.constantFrom('1', '2'),
  vendor: fc.constantFrom('twinbank', 'acme'),
  kind: fc.constantFrom('base', 'oem'),
  origin: fc.constantFrom('base', 'acme'),
  bytes: few(2),
  sha256: hash,
  relations: fc.array(fc.constantFrom('provides a', 'requires b'), { maxLength: 2 }),
  files: fc.array(word, { maxLength: 3 }),
  leftOut: fc.boolean(),
});

export const systems: fc.Arbitrary<DescribedSystem> = fc.record({
  product: fc.constantFrom('twinbank', 'other'),
  version: fc.constantFrom('1.0.0', '1.1.0'),
  build: fc.constantFrom('1.0.0-1', '1.1.0-1'),
  title: fc.constant('test'),
  securityVersion: few(1),
  minVersion: fc.constantFrom('', '1.0.0'),
  loader: fc.constantFrom('', 'bootCode 0000'),
  origins: fc.array(
    fc.record({
      origin: fc.constantFrom('base', 'acme'),
      vendor: fc.constant('acme'),
      version: fc.constantFrom('1', '2'),
      signedBy: fc.array(hash, { maxLength: 2 }),
    }),
    { maxLength: 3 },
  ),
  trust: fc.array(fc.record({ keyId: word, publicKey: hash }), { maxLength: 3 }),
  kernelOptions: fc.array(word, { maxLength: 6 }),
  modules: fc.array(module, { maxLength: 4 }),
  packages: fc.array(
    fc.record(
      { name: word, bytes: few(2), sha256: hash, id: word },
      { requiredKeys: ['name', 'bytes', 'sha256'] },
    ),
    { maxLength: 3 },
  ),
});

const banks: fc.Arbitrary<DescribedBank[]> = fc.uniqueArray(
  fc.record({
    partition: fc.constantFrom(5, 6),
    build: fc.constantFrom(null, '1.0.0-1', '1.1.0-1'),
    state: fc.constantFrom('VALID', 'INVALID'),
    updated: fc.constantFrom(null, 1, 2),
    attempts: fc.constantFrom(0, 1),
    verdict: fc.constantFrom('-', 'H'),
    uuid: fc.constantFrom(null, 'u1', 'u2'),
    system: systems,
  }),
  { minLength: 1, selector: ({ partition }) => partition },
);

export const images: fc.Arbitrary<DescribedImage> = fc
  .record({
    size: few(1),
    diskGuid: fc.constantFrom('g1', 'g2'),
    loader: fc.constantFrom('right 1.0.0-1', 'wrong'),
    partitions: fc.uniqueArray(
      fc.record({
        number: fc.constantFrom(1, 5, 6, 8, 14),
        name: word,
        type: fc.constantFrom('t1', 't2'),
        guid: fc.constantFrom('g1', 'g2'),
        firstLba: few(1),
        lastLba: few(1),
        attributes: fc.constantFrom(0n, 4n),
      }),
      { selector: ({ number }) => number },
    ),
    files: fc.array(
      fc.record({
        place: fc.constantFrom('store', 'bootloader'),
        path: word,
        bytes: few(1),
        sha256: hash,
      }),
      { maxLength: 3 },
    ),
    banks,
  })
  .map((image) => {
    const [first] = image.banks;
    const chosen = { bank: first!.partition, system: first!.system };
    return { kind: 'image', path: 'x.img', format: 'raw', problems: [], ...image, ...chosen };
  });

/** The same changes, seen from the other side. */
export function mirrored<T extends { change: string; a: unknown; b: unknown }>(all: readonly T[]) {
  const other: Record<string, string> = { added: 'removed', removed: 'added', changed: 'changed' };
  return all.map((one) => ({ ...one, change: other[one.change], a: one.b, b: one.a }));
}
