import { type BootMarks, encodeBootCfg } from '../../../src/bootloader/boot-cfg.ts';
import type { BlockDevice } from '../../../src/disk/block-device.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { type FatVolume, openFat } from '../../../src/disk/fat/volume.ts';
import { encodeSlot, slotBytes, slotNames, stateSchema } from '../../../src/state/slot.ts';
import { newVolume, payload } from '../disk/fat/trees.ts';

export interface StateBank {
  readonly bytes: Buffer;
  readonly device: BlockDevice;
  edit(change: (volume: FatVolume) => void): void;
  mark(marks: Partial<BootMarks>): void;
  /** Puts a save into a slot as it is; none of it depends on the code that saves. */
  put(slot: 1 | 2, generation: number, content: string | Uint8Array, schema?: number): void;
  /** Turns a bit of a slot. */
  damage(slot: 1 | 2, offset: number): void;
}

const cfg = {
  updated: 7,
  build: '1.2-3',
  kernel: 'vmkernel',
  kernelopt: '',
  modules: ['boot.v00'],
};

function bootCfg(marks: Partial<BootMarks>): Uint8Array {
  const valid = { bootstate: '0', attempts: '0', verdict: '-' } as const;
  return encodeBootCfg({ ...cfg, title: 'twinbank', ...valid, ...marks });
}

/** A bank's partition of 4 MiB in memory: boot.cfg, a module, and two empty state slots unless told. */
export function stateBank(slots: readonly string[] = slotNames): StateBank {
  const { bytes, volume } = newVolume();
  volume.write('boot.cfg', bootCfg({}));
  volume.write('engine.v00', payload(70_001, 3));
  for (const name of slots) volume.write(name, new Uint8Array(slotBytes));
  volume.flush();
  const device = memoryDevice(bytes);
  const edit = (change: (volume: FatVolume) => void) => {
    const opened = openFat(device);
    change(opened);
    opened.flush();
  };
  const name = (slot: 1 | 2) => slotNames[slot - 1]!;
  return {
    bytes,
    device,
    edit,
    mark: (marks) => edit((opened) => opened.overwrite('boot.cfg', 0, bootCfg(marks))),
    put: (slot, generation, content, schema = stateSchema) => {
      const saved = { generation, schema, content: Buffer.from(content) };
      edit((opened) => opened.overwrite(name(slot), 0, encodeSlot(saved)));
    },
    damage: (slot, offset) =>
      edit((opened) => {
        const [byte = 0] = opened.readRange(name(slot), offset, 1);
        opened.overwrite(name(slot), offset, Uint8Array.of(byte ^ 1));
      }),
  };
}
