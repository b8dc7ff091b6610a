import { memoryDevice } from '../../../../src/disk/block-device.ts';
import { openFat } from '../../../../src/disk/fat/volume.ts';
import { type SimDisk, simDisk } from '../../../../src/harness/sim/sim-disk.ts';
import { bootCfg, smallImage } from '../../bootloader/small-image.ts';
import { copyOf, type ModelBank, type ModelHost } from './boot-model.ts';

/** A real image whose two banks can be put into any state of the model, and read back into it. */
export interface SimHost {
  readonly disk: SimDisk;
  set(host: ModelHost): void;
  /** Marks as they are on the disk now; what the model knows besides is taken from `host`. */
  marks(host: ModelHost): ModelHost;
}

const partitions = [5, 6];

export function simHost(): SimHost {
  const disk = simDisk(memoryDevice(smallImage().bytes));
  const places = new Map(
    disk.banks.map(({ partition, device }) => {
      const volume = openFat(device);
      const cfg = volume.extents('boot.cfg')[0]!.offset;
      const payload = volume.extents('engine.v00')[0]!.offset + 33_333;
      return [partition, { device, cfg, payload, byte: device.read(payload, 1)[0]! }] as const;
    }),
  );
  const wrong = new Map<number, boolean>();
  return {
    disk,
    set(host) {
      disk.medium.cutBeforeWrite(0);
      for (const partition of partitions) {
        const { device, cfg, payload, byte } = places.get(partition)!;
        const bank = host[partition]!;
        device.write(cfg, cfgBytes(bank));
        if ((wrong.get(partition) ?? false) === bank.right) {
          device.write(payload, Uint8Array.of(bank.right ? byte : byte ^ 4));
          wrong.set(partition, !bank.right);
        }
      }
    },
    marks(host) {
      const now = copyOf(host);
      for (const partition of partitions) {
        const { device, cfg } = places.get(partition)!;
        now[partition]!.marks = parse(Buffer.from(device.read(cfg, 1024)).toString('latin1'));
      }
      return now;
    },
  };
}

const known = new Map<string, Uint8Array>();

function cfgBytes(bank: ModelBank): Uint8Array {
  const { marks, updated, writable } = bank;
  const key = `${marks?.state} ${marks?.attempts} ${marks?.verdict} ${updated} ${writable}`;
  const bytes = known.get(key) ?? encode(bank);
  known.set(key, bytes);
  return bytes;
}

/** Without its filler a boot.cfg can be read by GRUB's load_env, and its save_env refuses it. */
function encode({ marks, updated, writable }: ModelBank): Uint8Array {
  const bytes = bootCfg({
    updated,
    bootstate: String(marks?.state ?? 0) as '0',
    attempts: String(marks?.attempts ?? 0) as '0',
    verdict: (marks?.verdict ?? '-') as '-',
  });
  if (!marks) return bytes.fill(0, 60);
  return writable
    ? bytes
    : bytes.fill(0, Buffer.from(bytes).toString('latin1').indexOf('\n##') + 1);
}

function parse(text: string): ModelBank['marks'] {
  const value = (key: string) => new RegExp(`\n${key}=(.)\n`).exec(text)?.[1];
  const verdict = value('verdict');
  if (verdict === undefined || !/\nmodules=./.test(text)) return undefined;
  return { state: Number(value('bootstate')), attempts: Number(value('attempts')), verdict };
}
