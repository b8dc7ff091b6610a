import { createHash } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeBootCfg } from '../../../src/bootloader/boot-cfg.ts';
import { writeBankMagic } from '../../../src/disk/bank-magic.ts';
import { formatFat16 } from '../../../src/disk/fat/format.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { deriveGuid } from '../../../src/disk/guid.ts';
import { writeBundle } from '../../../src/update/bundle/bundle-writer.ts';
import { planBundle } from '../../../src/update/bundle/make-bundle.ts';
import { planBank } from '../../../src/update/manifest/plan-bank.ts';
import { developmentKey } from '../../../src/update/signing/key.ts';
import { manifestModule, signedBase } from '../bootloader/small-image.ts';
import { payload } from '../disk/fat/trees.ts';

/** Bytes of each of the two banks, most of them holes. */
const bankBytes = 512 * 2 ** 20;

const files = { vmkernel: payload(50_000, 1), 'boot.v00': payload(3000, 2) };

/** Writes two banks with the same small system, as files `bank5` and `bank6`. */
export function makeBanks(folder: string): void {
  const plan = planBank([signedBase(files)]);
  for (const number of [5, 6]) {
    const device = openFileDevice(join(folder, `bank${number}`), { create: true, size: bankBytes });
    formatFat16(device, { serial: number });
    const volume = openFat(device);
    const marks = { bootstate: '0', attempts: '0', verdict: '-' } as const;
    volume.write('boot.cfg', encodeBootCfg({ ...plan.bootCfg, ...marks, updated: 7 - number }));
    for (const file of plan.files) {
      const name = file.name as keyof typeof files;
      volume.write(file.name, 'data' in file ? file.data : files[name]);
    }
    volume.flush();
    writeBankMagic(device, deriveGuid('test', `bank ${number}`));
    device.close();
  }
}

/** Writes a bundle of a newer system, which has one more module: so many zeros, a hole in the file. */
export async function makeBundle(path: string, bytes: number): Promise<void> {
  const zeros = Buffer.alloc(2 ** 20);
  const hash = createHash('sha256');
  for (let done = 0; done < bytes; done += zeros.length) {
    hash.update(zeros.subarray(0, bytes - done));
  }
  const version = '2.0.0';
  const base = signedBase(files, { version, build: `${version}-500` });
  const large = {
    ...manifestModule('large.v00', zeros, 'base'),
    bytes,
    sha256: hash.digest('hex'),
  };
  const modules = [...base.manifest.modules, large];
  const manifest = signedBase({}, { version, build: `${version}-500`, modules });
  const plan = planBundle(
    {
      manifests: [manifest],
      moduleContent: ({ file }) => {
        if (file === large.file) return () => chunks(zeros, bytes);
        return () => [files[file as keyof typeof files]];
      },
      packageContent: () => () => [],
    },
    developmentKey,
  );
  const output = await open(path, 'wx');
  let position = 0;
  try {
    await writeBundle(async (chunk) => {
      if (chunk.buffer !== zeros.buffer) await output.write(chunk, 0, chunk.length, position);
      position += chunk.length;
    }, plan);
  } finally {
    await output.close();
  }
  truncateSync(path, position);
}

function* chunks(zeros: Buffer, bytes: number): Generator<Uint8Array> {
  for (let done = 0; done < bytes; done += zeros.length) yield zeros.subarray(0, bytes - done);
}
