import { cpus } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildLoader, type Loader } from '../../../src/bootloader/core-image.ts';
import { grubScript } from '../../../src/bootloader/grub-script.ts';
import { type Firmware, firmwares } from '../../../src/harness/qemu/machine-options.ts';
import { consoleBoots, fewerConsoleBoots } from '../console-boots.ts';
import { type MatrixDisk, matrixDisk } from '../disk.ts';
import { type PlannedBoot, plannedBoots } from '../planned-boots.ts';
import { product, sample } from '../product.ts';
import { type Row, writeReport } from '../report.ts';
import { bootRules } from '../rules-seen.ts';
import { compareOnMachine } from './compare.ts';
import { openRig } from './rig.ts';

const machines = Math.max(2, cpus().length);

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

describe('the loader on real firmware', () => {
  let loader: Loader;
  beforeAll(async () => {
    loader = await buildLoader({ banks: [5, 6], hiddenTimeout: 0 });
  });

  const diskFor = (hiddenTimeout: number): MatrixDisk => {
    const grubCfg = grubScript({ banks: [5, 6], hiddenTimeout });
    return matrixDisk([5, 6], { ...loader, grubCfg });
  };

  /** All of them on as many machines as there are processors, each with a disk of its own. */
  async function bootAll(firmware: Firmware, boots: readonly PlannedBoot[]): Promise<Row[]> {
    const quick = diskFor(0);
    const attended = diskFor(3);
    const rows: Row[] = [];
    for (const readOnly of [false, true]) {
      const some = boots.filter((boot) => (boot.readOnly ?? false) === readOnly);
      let next = 0;
      const worker = async (): Promise<void> => {
        if (next >= some.length) return;
        const rig = openRig(firmware, quick.bytes.length, !readOnly);
        const work = Buffer.alloc(quick.bytes.length);
        try {
          for (let boot = some[next++]; boot; boot = some[next++]) {
            const disk = boot.presses ? attended : quick;
            rows.push(await compareOnMachine(rig, disk, work, boot));
          }
        } finally {
          await rig.close();
        }
      };
      await Promise.all(Array.from({ length: machines }, worker));
    }
    return rows;
  }

  it.each(firmwares)('does on %s what the pure function does', async (firmware) => {
    const more = moreBoots();
    const few = firmware === 'uefi' && more.length === 0;
    const people = few ? fewerConsoleBoots : consoleBoots;
    const boots = [...plannedBoots, ...people, ...more].filter(wanted);
    const rows = await bootAll(firmware, boots);
    console.log(writeReport(`5-${firmware}`, `QEMU with ${firmware.toUpperCase()}`, rows));
    const bad = rows.filter(({ problem }) => problem !== '');
    expect(bad.map(({ title, problem }) => `${title}: ${problem}`)).toEqual([]);
    expect(rows).toHaveLength(boots.length);
    expect(
      new Set(plannedBoots.map(({ states }) => JSON.stringify([...states]))).size,
    ).toBeGreaterThan(60);
    // Every rule has a say somewhere.
    const seen = new Set(rows.flatMap(({ rules }) => rules));
    expect(Object.keys(bootRules).filter((rule) => !seen.has(rule as never))).toEqual([]);
  });
});
