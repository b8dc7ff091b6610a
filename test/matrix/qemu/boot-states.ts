import { expect } from 'vitest';
import { buildLoader } from '../../../src/bootloader/core-image.ts';
import { grubScript } from '../../../src/bootloader/grub-script.ts';
import { type Firmware, firmwares } from '../../../src/harness/qemu/machine-options.ts';
import { exhaustive } from '../../support/exhaustive.ts';
import { type MatrixDisk, matrixDisk } from '../disk.ts';
import type { PlannedBoot } from '../planned-boots.ts';
import { product, sample } from '../product.ts';
import { type Row, writeReport } from '../report.ts';
import { bootRules } from '../rules-seen.ts';
import { bootsOfFirmware } from './boots-of-firmware.ts';
import { compareOnMachine } from './compare.ts';
import { openRig } from './rig.ts';

/** More states on demand: `TWINBANK_MATRIX=200`, or `all` for the full product. */
function moreBoots(wanted = process.env.TWINBANK_MATRIX): PlannedBoot[] {
  if (!wanted) return [];
  const all = product();
  const states = wanted === 'all' ? all : sample(all, Number(wanted));
  return states.map((pair) => ({ title: '', states: pair }));
}

/** Only some, while looking into one: `TWINBANK_MATRIX_ROWS=rolls`. */
const pattern = process.env.TWINBANK_MATRIX_ROWS;
const wanted = ({ title }: PlannedBoot) => pattern === undefined || title.includes(pattern);

/**
 * Boots the loader with the firmware's share of the planned states on one machine, one boot after another, and holds each against
 * the pure function. Each firmware is a file of its own, so that two machines run at once and no more.
 */
export async function expectSameChoices(firmware: Firmware): Promise<void> {
  const more = moreBoots();
  const whole = exhaustive || pattern !== undefined || more.length > 0;
  const boots = [...bootsOfFirmware(firmware, whole), ...more].filter(wanted);
  const rows = await bootAll(firmware, boots);
  console.log(writeReport(`5-${firmware}`, `QEMU with ${firmware.toUpperCase()}`, rows));
  const bad = rows.filter(({ problem }) => problem !== '');
  expect(bad.map(({ title, problem }) => `${title}: ${problem}`)).toEqual([]);
  expect(rows).toHaveLength(boots.length);
  // Nothing is left out on both firmwares.
  const titles = (some: readonly PlannedBoot[]) => new Set(some.map(({ title }) => title));
  const shares = firmwares.flatMap((one) => bootsOfFirmware(one, false));
  expect(titles(shares)).toEqual(titles(bootsOfFirmware(firmware, true)));
  // Every rule has a say somewhere.
  const seen = new Set(rows.flatMap(({ rules }) => rules));
  expect(Object.keys(bootRules).filter((rule) => !seen.has(rule as never))).toEqual([]);
}

/** Boots with media that can be written first, then those with read-only ones, which need a machine of their own. */
async function bootAll(firmware: Firmware, boots: readonly PlannedBoot[]): Promise<Row[]> {
  const loader = await buildLoader({ banks: [5, 6], hiddenTimeout: 0 });
  const diskFor = (hiddenTimeout: number): MatrixDisk =>
    matrixDisk([5, 6], { ...loader, grubCfg: grubScript({ banks: [5, 6], hiddenTimeout }) });
  const quick = diskFor(0);
  const attended = diskFor(3);
  const work = Buffer.alloc(quick.bytes.length);
  const rows: Row[] = [];
  for (const readOnly of [false, true]) {
    const some = boots.filter((boot) => (boot.readOnly ?? false) === readOnly);
    if (some.length === 0) continue;
    const rig = openRig(firmware, quick.bytes.length, !readOnly);
    try {
      for (const boot of some) {
        rows.push(await compareOnMachine(rig, boot.presses ? attended : quick, work, boot));
      }
    } finally {
      await rig.close();
    }
  }
  return rows;
}
