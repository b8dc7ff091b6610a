import { describe, expect, it } from 'vitest';
import { type BootEnding, bootProgress } from '../../../../src/harness/console/boot-progress.ts';
import { stageFollower } from '../../../../src/harness/console/boot-stage.ts';
import { chooseBanks } from '../../../../src/harness/faults/bind-faults.ts';
import { parseFault } from '../../../../src/harness/faults/parse-fault.ts';
import { faultArguments } from '../../../../src/harness/qemu/qemu-faults.ts';

function judge(lines: readonly string[], ending: BootEnding) {
  const progress = bootProgress();
  for (const line of lines) progress.see(line);
  return { ...progress.judge(ending), ill: progress.isIll(), over: progress.isOver() };
}

const started = ['twinbank: loader', 'twinbank: booting bank 5 build=1'];
const trial = [
  'twinbank: loader',
  'twinbank: bank 6 set bootstate=2 attempts=0 verdict=-',
  'twinbank: booting bank 6 build=2',
];
const unhealthy = 'twinbank: unhealthy build=1 bank=5 boot=12.0s agent syslog: dead';

describe('one boot on the console of a machine that is reset', () => {
  it.each<[string, string[], BootEnding, object]>([
    [
      'ready',
      [...started, 'twinbank: ready build=1 bank=5 boot=9.0s'],
      'console',
      { booted: 5, outcome: 'healthy', over: true },
    ],
    [
      'a panic',
      [...started, '[ 1.0] Kernel panic - not syncing: x'],
      'console',
      { booted: 5, outcome: 'panic' },
    ],
    ['a silent reset', started, 'reset', { booted: 5, outcome: 'hang', over: false }],
    ['a reset in the loader', ['twinbank: loader'], 'reset', { booted: null, outcome: 'hang' }],
    [
      'an ill VALID bank',
      [...started, unhealthy],
      'timeout',
      { booted: 5, outcome: 'unhealthy', ill: true },
    ],
    [
      'one that recovers',
      [...started, unhealthy, 'twinbank: ready build=1 bank=5 boot=9.0s'],
      'console',
      { outcome: 'healthy' },
    ],
    [
      'a trial that is ill',
      [...trial, unhealthy.replace('bank=5', 'bank=6')],
      'timeout',
      { booted: 6, ill: false },
    ],
    [
      'a trial that gives up',
      [...trial, 'twinbank: resetting: trial not healthy in 90 s: x'],
      'reset',
      { outcome: 'unhealthy' },
    ],
    ['nothing for too long', started, 'timeout', { booted: 5, outcome: 'timeout' }],
    ['a machine that is gone', started, 'closed', { booted: 5, outcome: 'hang' }],
    [
      'the rescue prompt',
      [...started, 'twinbank: rescue: no bank can be booted'],
      'console',
      { booted: null, outcome: 'rescue' },
    ],
  ])('%s is told apart', (_what, lines, ending, expected) => {
    expect(judge(lines, ending)).toMatchObject(expected);
  });

  it('ends where the loader speaks for the second time', () => {
    const progress = bootProgress();
    expect(progress.startsNext('twinbank: loader')).toBe(false);
    progress.see('twinbank: loader');
    expect(progress.startsNext('twinbank: loader')).toBe(true);
  });
});

describe('the stages on a console', () => {
  it('are known by what the lines change', () => {
    const stage = stageFollower();
    const lines: [string, string | undefined][] = [
      ['SeaBIOS', undefined],
      ['twinbank: loader', 'loader'],
      ['twinbank: bank 5 DIRTY attempts=0 verdict=H updated=3 build=1', 'scan'],
      ['twinbank: bank 5 set bootstate=3 attempts=0 verdict=H', 'dirty'],
      ['twinbank: bank 5 refused: trial was not confirmed', undefined],
      ['twinbank: bank 6 VALID attempts=3 verdict=B updated=2 build=1', 'scan'],
      ['twinbank: bank 6 set bootstate=0 attempts=0 verdict=B', 'recount'],
      ['twinbank: bank 6 set bootstate=0 attempts=1 verdict=B', 'mark'],
      ['twinbank: verifying bank 6', 'verify'],
      ['twinbank: bank 6 set bootstate=0 attempts=1 verdict=H', 'condemn'],
      ['twinbank: bank 6 could not be written', undefined],
      ['twinbank: booting bank 6 build=1', 'boot'],
      ['twinbank: stage=kernel at=1.00s Linux 6.1', 'kernel'],
      ['twinbank: stage=fault at=1.00s init-hang', undefined],
      ['twinbank: ready build=1 bank=6 boot=9.0s', 'ready'],
    ];
    expect(lines.map(([line]) => stage(line)?.stage)).toEqual(lines.map(([, name]) => name));
    expect(stage('twinbank: stage=network at=1.00s x')).toEqual({ stage: 'network', bank: 6 });
  });
});

describe('what QEMU is told of faults', () => {
  const bind = (...texts: string[]) =>
    chooseBanks(
      texts.map((text) => parseFault(text, 'qemu')),
      { banks: [5, 6], first: 5 },
    );

  it('is the guest words, each for its bank, and a read-only disk', () => {
    expect(faultArguments(bind('init-hang', 'no-confirm@6', 'power-cut=mark'), 'virtio')).toEqual([
      '-fw_cfg',
      'name=opt/org.twinbank/fault,string=init-hang@5,,no-confirm@6',
    ]);
    expect(faultArguments(bind('read-only'), 'nvme')).toEqual(['-set', 'drive.disk.readonly=on']);
    expect(() => faultArguments(bind('read-only'), 'ahci')).toThrow('found ahci');
  });
});
