import { loaderStages, runtimeStages } from '../console/boot-stage.ts';
import { flipBit, removeFile, tearBootCfg } from './disk-damage.ts';
import type { MachineKind } from './engine.ts';
import type { BootFaultRow, RuntimeFault } from './fault.ts';

const both: readonly MachineKind[] = ['sim', 'qemu'];
/** A rig too, where its disk or its power can be had. */
const all: readonly MachineKind[] = [...both, 'command'];
const file = /^[^/:\s]{1,255}$/;

/** Faults of a boot; they act from the next power-on. */
export const bootFaultRows: readonly BootFaultRow[] = [
  runtime('kernel-panic', 'the kernel panics as soon as init runs'),
  runtime('init-hang', 'init hangs, so that nothing feeds the watchdog'),
  runtime('agent-dead', 'an agent does not answer, so that health is never reached'),
  runtime('no-confirm', 'the system runs, but the boot is never confirmed'),
  {
    name: 'flip-bit',
    usage: 'flip-bit=FILE[:OFFSET]',
    meaning: 'one bit of a file is wrong: the lowest one of byte OFFSET, or of the middle one',
    engines: all,
    bank: 'first',
    parse(argument) {
      const [name = '', offset] = argument?.split(':', 2) ?? [];
      const right = file.test(name) && (offset === undefined || /^(0|[1-9]\d{0,9})$/.test(offset));
      if (!right) return 'FILE or FILE:OFFSET';
      const at = offset === undefined ? undefined : Number(offset);
      return { on: 'disk', damage: (volume, fault) => flipBit(volume, fault, name, at) };
    },
  },
  {
    name: 'missing',
    usage: 'missing=FILE',
    meaning: 'a file is not there',
    engines: all,
    bank: 'first',
    parse: (name) =>
      name !== undefined && file.test(name)
        ? { on: 'disk', damage: (volume, fault) => removeFile(volume, fault, name) }
        : 'FILE',
  },
  {
    name: 'torn-boot-cfg',
    usage: 'torn-boot-cfg=N',
    meaning:
      'boot.cfg was being written whole to clusters that were zero: its first N bytes (0-1024) are there, the rest is zero',
    engines: all,
    bank: 'first',
    parse(argument) {
      const bytes = Number(argument);
      if (!/^(0|[1-9]\d{0,3})$/.test(argument ?? '') || bytes > 1024) return 'N from 0 to 1024';
      return { on: 'disk', damage: (volume, fault) => tearBootCfg(volume, fault, bytes) };
    },
  },
  {
    name: 'read-only',
    usage: 'read-only',
    meaning: 'nothing can be written to the disk',
    engines: both,
    bank: 'none',
    parse: (argument) => (argument === undefined ? { on: 'medium' } : 'no argument'),
  },
  {
    name: 'power-cut',
    usage: 'power-cut=STAGE',
    meaning: 'the power fails once, at a stage of the boot; and comes back',
    engines: all,
    bank: 'any',
    parse(argument) {
      const stage = [...loaderStages, ...runtimeStages].find((name) => name === argument);
      if (stage) return { on: 'power', cut: { stage } };
      return `one of ${[...loaderStages, ...runtimeStages].join(', ')}`;
    },
  },
  {
    name: 'power-cut-write',
    usage: 'power-cut-write=N',
    meaning: 'the power fails once, just before the N-th write to the disk',
    // A virtual machine cannot be stopped between two of its instructions from outside.
    engines: ['sim'],
    bank: 'none',
    parse: (argument) =>
      /^[1-9]\d{0,5}$/.test(argument ?? '')
        ? { on: 'power', cut: { write: Number(argument) } }
        : 'N from 1',
  },
];

function runtime(name: RuntimeFault, meaning: string): BootFaultRow {
  return {
    name,
    usage: name,
    meaning,
    engines: both,
    bank: 'first',
    parse: (argument) =>
      argument === undefined ? { on: 'runtime', behaviour: name } : 'no argument',
  };
}
