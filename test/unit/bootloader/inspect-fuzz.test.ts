import fc from 'fast-check';
import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import { inspectImage } from '../../../src/bootloader/inspect-image.ts';
import { bankSigners } from '../../../src/cli/commands/inspect/bank-signers.ts';
import { inspectText } from '../../../src/cli/commands/inspect/image-text.ts';
import { stateSlots } from '../../../src/cli/commands/inspect/state-slots.ts';
import { storeOfDisk } from '../../../src/cli/commands/inspect/store-packages.ts';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { crc32 } from '../../../src/disk/crc32.ts';
import { verifyDiskLoader } from '../../../src/update/verify-loader.ts';
import { runs } from '../../support/soak.ts';
import { partitionStart, smallImage } from './small-image.ts';

const whole = smallImage().bytes;
const colors = createColors(false);
const work = Buffer.from(whole);

/** What takes longer than this on any machine is a hang: it takes 15 ms. */
const hangMs = 20_000;

/** Either a description, or one clean refusal, and no hang. */
async function survives(bytes: Uint8Array): Promise<'shown' | 'refused'> {
  const begun = performance.now();
  let outcome: 'shown' | 'refused' = 'shown';
  try {
    const disk = memoryDevice(bytes);
    const found = await inspectImage(disk);
    const text = inspectText(
      {
        ...{ ...found, image: 'x', format: 'raw' },
        slots: stateSlots(disk, found.partitions),
        signers: bankSigners(disk, found.partitions),
        packages: storeOfDisk(disk, found).report,
        loader: verifyDiskLoader(disk, { current: found.next }),
      },
      { colors, columns: 80, env: {} },
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  } catch (error) {
    if (!(error instanceof TwinbankError)) throw error;
    expect(error.kind).toBe('corrupt');
    outcome = 'refused';
  }
  expect(performance.now() - begun).toBeLessThan(hangMs);
  return outcome;
}

/** Where a change matters: tables, boot sectors, FATs, root directories, and the first files. */
const places = [0, ...Object.values(partitionStart).map((mebibytes) => mebibytes * 2 ** 20)];
const place = fc.oneof(
  fc.integer({ min: 0, max: 34 * 512 }),
  fc.tuple(fc.constantFrom(...places), fc.nat(120 * 512)).map(([start, offset]) => start + offset),
  fc.nat(whole.length - 600),
);
const change = fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 64 }));

/** So that a changed table is still believed. */
function mendGpt(bytes: Buffer): void {
  bytes.writeUInt32LE(crc32(bytes.subarray(1024, 1024 + 128 * 128)), 512 + 88);
  bytes.writeUInt32LE(0, 512 + 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(512, 512 + 92)), 512 + 16);
}

describe('inspecting garbage ends soon and cleanly', () => {
  test('for an image with changed bytes', async () => {
    const outcomes = { shown: 0, refused: 0 };
    const changes = fc.array(change, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(changes, fc.boolean(), async (list, mend) => {
        for (const [offset, bytes] of list) work.set(bytes, offset);
        if (mend) mendGpt(work);
        try {
          outcomes[await survives(work)]++;
        } finally {
          for (const [offset, bytes] of list) {
            whole.copy(work, offset, offset, offset + bytes.length);
          }
          whole.copy(work, 512, 512, 1024);
        }
      }),
      { numRuns: runs(200) },
    );
    // Changes that were all refused would prove nothing about banks.
    expect(outcomes.shown).toBeGreaterThan(100);
  });

  test('for an image cut anywhere', async () => {
    const length = fc.nat(whole.length);
    await fc.assert(
      fc.asyncProperty(length, async (size) => void (await survives(whole.subarray(0, size)))),
      { numRuns: runs(60) },
    );
  });

  test('for random bytes', async () => {
    const bytes = fc.uint8Array({ maxLength: 100_000, size: 'max' });
    await fc.assert(
      fc.asyncProperty(bytes, async (data) => void (await survives(data))),
      { numRuns: runs(100) },
    );
  });

  test('for a bank.env that names one large module 150 times', async () => {
    const image = smallImage();
    image.edit(5, (volume) => {
      const text = `# GRUB Environment Block\nkernel=vmkernel\nbuild=1\nmodules=${'a.v '.repeat(150)}\n`;
      volume.write('bank.env', Buffer.from(text.padEnd(1024, '#')));
      volume.write('a.v', new Uint8Array(3 * 2 ** 20));
    });
    expect(await survives(image.bytes)).toBe('shown');
  });
});
