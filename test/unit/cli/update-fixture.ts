import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Host } from '../../../src/cli/run.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { planQcow2, writeQcow2 } from '../../../src/disk/qcow2/writer.ts';
import type { KeptManifest } from '../../../src/update/manifest/plan-bank.ts';
import { generateKey } from '../../../src/update/signing/generate-key.ts';
import { developmentKey } from '../../../src/update/signing/key.ts';
import { writeSparse } from '../../support/sparse-file.ts';
import type { SmallImage } from '../bootloader/small-image.ts';
import { bundleOf } from '../update/bundle/signed-bundle.ts';
import { runHere } from './host.ts';

/** A folder with images, bundles and keys, and the command line to try on them; gone after the tests. */
export function updateFixture() {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-updates-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string): string => join(folder, name);
  // The keys of test/unit/update/manifests.ts, by the same seeds.
  for (const [seed, name] of ['', 'release', 'next', 'acme', 'stranger'].entries()) {
    if (name === '') continue;
    const pair = generateKey((bytes) => Buffer.alloc(bytes, seed), undefined);
    writeFileSync(at(`${name}.key`), pair.privatePem);
    writeFileSync(at(`${name}.pub`), pair.publicPem);
  }
  return {
    folder,
    at,
    developmentId: developmentKey.public.id,
    read: (name: string): Buffer => readFileSync(at(name)),
    run: (argv: readonly string[], host: Partial<Host> = {}) =>
      runHere(argv, { host: { cwd: folder, ...host } }),
    image: (name: string, image: SmallImage): string => {
      writeSparse(at(name), image.bytes);
      return name;
    },
    qcow2: (name: string, { bytes }: SmallImage): string => {
      const disk = memoryDevice(bytes);
      const plan = planQcow2(disk, [{ offset: 0, length: bytes.length }]);
      const file = openFileDevice(at(name), { create: true, size: plan.fileSize });
      writeQcow2(disk, plan, file);
      file.close();
      return name;
    },
    bundle: async (
      name: string,
      manifests: readonly KeptManifest[],
      options: Parameters<typeof bundleOf>[1] = {},
    ): Promise<string> => {
      writeFileSync(at(name), await bundleOf(manifests, options));
      return name;
    },
  };
}
