import { bootTimeline, timedEvents } from '../../../src/harness/console/timeline.ts';

export interface Line {
  readonly seconds: number;
  readonly text: string;
}

const digest = '83f0e92b7f98d8cdc94e09fd8fa5f6ca97040e55b4808695149a7b3382dd40ad';

/** What QEMU's console showed of a healthy boot, with other banks and builds. */
export function bootLines({
  bank = 5,
  build = '0.1.0-1',
  states = ['VALID', 'VALID'] as readonly string[],
  slower = 1,
} = {}): Line[] {
  const lines: (readonly [number, string])[] = [
    [0.57, 'twinbank: loader'],
    [0.67, `twinbank: bank 5 ${states[0]} attempts=0 verdict=- updated=2 build=0.1.0-1`],
    [0.72, `twinbank: bank 6 ${states[1]} attempts=0 verdict=- updated=3 build=${build}`],
    [2.74, "  Booting `start'"],
    [2.74, ''],
    ...(states[1] === 'DIRTY'
      ? ([[2.8, 'twinbank: bank 6 set bootstate=3 attempts=0 verdict=T']] as const)
      : []),
    [
      2.84,
      `twinbank: bank ${bank} set bootstate=${bank === 6 ? '2 attempts=0' : '0 attempts=1'} verdict=-`,
    ],
    [2.84, `twinbank: verifying bank ${bank}`],
    [2.87, `${digest}  (hd0,gpt${bank})/bank.env.sum`],
    [2.87, 'bank.env: OK'],
    [3.77, 'vmkernel: OK'],
    [3.9, 'boot.v00: OK'],
    [6.1, 'engine.v00: OK'],
    [6.14, 'agents.v00: OK'],
    [7.22, 'vmm.v00: OK'],
    [7.5, 'drivers.v00: OK'],
    [7.52, `twinbank: booting bank ${bank} build=${build}`],
    [8.47, `twinbank: starting kernel of bank ${bank}`],
    [13.43, 'twinbank: stage=kernel at=13.22s Linux 6.1.0-56-amd64'],
    [13.86, 'twinbank: stage=watchdog at=13.67s watchdog0 watchdog1'],
    [16.19, 'twinbank: stage=engine at=16.01s Node 22.23.3'],
    [18.33, 'twinbank: stage=drivers at=18.15s 13 for 61 devices'],
    [18.4, 'twinbank: stage=state at=18.22s generation 4 of bank 5'],
    [18.48, 'twinbank: stage=agents at=18.31s vmkd, syslog, virtio-serial port, power button'],
    [18.59, 'twinbank: stage=network at=18.42s vmk0 10.0.2.15/24'],
    [19.98, `twinbank: stage=bank at=19.81s confirmed /dev/vda${bank}, was VALID attempts=1`],
    [19.99, `twinbank: ready build=${build} bank=${bank} boot=19.8s`],
  ];
  return lines.map(([seconds, text]) => ({ seconds: seconds * slower, text }));
}

/** The same until init, where the kernel panics. */
export function panicLines(bank: number, build: string): Line[] {
  return [
    ...bootLines({ bank, build, states: ['VALID', 'UPGRADING'] }).slice(0, 18),
    { seconds: 13.52, text: '[    4.871220] sysrq: Trigger a crash' },
    {
      seconds: 13.53,
      text: '[    4.872019] Kernel panic - not syncing: sysrq triggered crash',
    },
    {
      seconds: 13.53,
      text: '[    4.873312] CPU: 1 PID: 1 Comm: init Not tainted 6.1.0-56-amd64 #1  Debian 6.1.176-1',
    },
    { seconds: 13.54, text: '[    4.880140] Rebooting in 1 seconds..' },
  ];
}

export const stagesOf = (lines: readonly Line[]) => bootTimeline(timedEvents(lines));
