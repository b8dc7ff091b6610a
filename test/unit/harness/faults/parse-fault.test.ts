import { describe, expect, it } from 'vitest';
import { memoryDevice } from '../../../../src/disk/block-device.ts';
import { overlayDevice } from '../../../../src/disk/overlay-device.ts';
import {
  loaderStages,
  runtimeStages,
  stageMeanings,
} from '../../../../src/harness/console/boot-stage.ts';
import { judgeBoot } from '../../../../src/harness/console/judge.ts';
import { bindFaults } from '../../../../src/harness/faults/bind-faults.ts';
import type { Engine } from '../../../../src/harness/faults/engine.ts';
import { faultList } from '../../../../src/harness/faults/fault-text.ts';
import { parseFault, parseScenarioFault } from '../../../../src/harness/faults/parse-fault.ts';
import { simulateBoots } from '../../../../src/harness/sim/sim-boot.ts';
import { simBootLine } from '../../../../src/harness/sim/sim-boot-event.ts';
import { simDisk } from '../../../../src/harness/sim/sim-disk.ts';
import { type SmallImage, smallImage } from '../../bootloader/small-image.ts';

const image = smallImage();

/** Boots a copy of an image with faults, and gives what became of each boot and the transcript. */
function play(texts: readonly string[], boots = 8, of: SmallImage = image) {
  const disk = simDisk(overlayDevice(memoryDevice(of.bytes)));
  const named = texts.map((text) => parseFault(text, 'sim'));
  const faults = bindFaults(named, disk);
  const result = simulateBoots(disk, { boots, faults });
  return {
    ...result,
    story: result.boots.map(({ booted, outcome }) => `${booted} ${outcome}`),
    text: result.boots.flatMap(({ events }) => events.map(simBootLine)).join('\n'),
  };
}

const trial = smallImage();
trial.mark(6, { bootstate: '1', updated: 9 });

describe('a fault', () => {
  it.each<[string, string[]]>([
    ['kernel-panic', ['5 panic', '5 panic', '5 panic', '6 healthy']],
    ['init-hang', ['5 hang', '5 hang', '5 hang', '6 healthy']],
    ['agent-dead', ['5 unhealthy']],
    ['no-confirm', ['5 unhealthy']],
    ['flip-bit=engine.v00', ['6 healthy']],
    ['flip-bit=vmkernel:0', ['6 healthy']],
    ['missing=boot.v00', ['6 healthy']],
    ['missing=boot.cfg', ['6 healthy']],
    ['torn-boot-cfg=0', ['6 healthy']],
    // It can be read and not be written: it comes after the others.
    ['torn-boot-cfg=300', ['6 healthy']],
    ['torn-boot-cfg=1024', ['5 healthy']],
    ['flip-bit=engine.v00@6', ['5 healthy']],
    ['read-only', ['5 healthy']],
    ['power-cut=mark', ['null hang', '5 healthy']],
    ['power-cut=boot', ['5 hang', '5 healthy']],
    ['power-cut=bank', ['5 hang', '5 healthy']],
    ['power-cut-write=1', ['null hang', '5 healthy']],
    ['power-cut-write=2', ['5 hang', '5 healthy']],
  ])('%s of a VALID bank goes as the contract says', (fault, story) => {
    const result = play([fault]);
    expect(result.story).toEqual(story);
    expect(result.unfired).toEqual([]);
  });

  it.each<[string, string[]]>([
    ['kernel-panic', ['6 panic', '5 healthy']],
    ['init-hang', ['6 hang', '5 healthy']],
    ['agent-dead', ['6 unhealthy', '5 healthy']],
    ['no-confirm', ['6 unhealthy', '5 healthy']],
    ['flip-bit=bank.env', ['5 healthy']],
    ['missing=engine.v00.sum', ['5 healthy']],
    ['torn-boot-cfg=511', ['5 healthy']],
    ['read-only', ['5 healthy']],
    ['power-cut=mark', ['null hang', '5 healthy']],
    ['power-cut=ready', ['6 hang', '6 healthy']],
  ])('%s of a trial goes as the contract says', (fault, story) => {
    expect(play([fault], 8, trial).story).toEqual(story);
  });

  it('lets the banks take turns where both panic or hang', () => {
    const { story } = play(['kernel-panic@5', 'init-hang@6'], 9);
    expect(story.map((word) => word.slice(0, 1)).join('')).toBe('555666555');
  });

  it('follows no further than asked, and stops at the rescue prompt', () => {
    expect(play(['kernel-panic'], 2).story).toEqual(['5 panic', '5 panic']);
    expect(play(['missing=vmkernel@5', 'missing=vmkernel@6']).story).toEqual(['null rescue']);
  });

  it('says when it never happened', () => {
    expect(play(['power-cut=dirty', 'kernel-panic@6']).unfired).toEqual([
      'power-cut=dirty',
      'kernel-panic@6',
    ]);
  });

  it.each([...loaderStages, ...runtimeStages])('can cut the power at %s', (stage) => {
    const host = smallImage();
    // Together these two hosts go through every stage.
    if (stage === 'dirty' || stage === 'recount') {
      host.mark(5, { bootstate: '2' });
      host.mark(6, { attempts: '3' });
    } else {
      host.mark(5, { attempts: '3' });
    }
    const faults = [`power-cut=${stage}`, ...(stage === 'condemn' ? ['flip-bit=boot.v00@6'] : [])];
    const { unfired, boots, outcome } = play(faults, 3, host);
    expect(unfired).toEqual([]);
    expect(boots[0]?.events.at(-2)).toEqual({ type: 'power-cut', at: stage });
    expect(outcome).toBe('healthy');
    expect(stageMeanings[stage]).not.toBe('');
  });

  it('cuts the power for one bank where it is told which', () => {
    expect(play(['power-cut=verify@6', 'kernel-panic@5'], 9).story).toEqual([
      '5 panic',
      '5 panic',
      '5 panic',
      'null hang',
      '6 healthy',
    ]);
  });
});

describe('the transcript', () => {
  it('has the lines of a real console, which the same judge judges alike', () => {
    for (const faults of [[], ['kernel-panic'], ['missing=vmkernel@5', 'missing=vmkernel@6']]) {
      const { boots, booted, outcome } = play(faults, 1);
      const lines = boots.flatMap(({ events }) =>
        events.map((event) => ({ seconds: 0, text: simBootLine(event) })),
      );
      const last = lines.findLast(({ text }) => !text.startsWith('#'))!;
      expect(judgeBoot(lines, { line: last })).toMatchObject({ booted, outcome });
    }
  });

  it('tells each step in order', () => {
    expect(play(['kernel-panic'], 1, trial).text).toBe(
      `# power on, boot 1
twinbank: loader
twinbank: bank 5 VALID attempts=0 verdict=- updated=2 build=1.2.3-400
twinbank: bank 6 UPGRADING attempts=0 verdict=- updated=9 build=1.2.3-400
twinbank: bank 6 set bootstate=2 attempts=0 verdict=-
twinbank: verifying bank 6
twinbank: booting bank 6 build=1.2.3-400
twinbank: stage=kernel at=0.00s simulated
twinbank: stage=watchdog at=0.00s simulated
twinbank: stage=fault at=0.00s kernel-panic
Kernel panic - not syncing: sysrq triggered crash
# reset by the kernel, after its panic`,
    );
  });

  it('says that a bank on a read-only disk could not be confirmed', () => {
    const { text } = play(['read-only']);
    expect(text).toContain('twinbank: bank 5 could not be written\n');
    expect(text).toContain('stage=bank at=0.00s not confirmed: the disk is read-only\n');
  });
});

describe('a fault that is none', () => {
  it.each<[string, Engine, RegExp]>([
    ['melt', 'sim', /expected one of\n {2}kernel-panic.*power-cut-write=N.*found no such fault/s],
    ['flip-bit', 'sim', /expected flip-bit=FILE\[:OFFSET\] with FILE or FILE:OFFSET, found none/],
    ['flip-bit=a:b', 'sim', /with FILE or FILE:OFFSET, found a:b/],
    ['torn-boot-cfg=1025', 'sim', /with N from 0 to 1024, found 1025/],
    ['kernel-panic=5', 'sim', /with no argument, found 5/],
    ['read-only@5', 'sim', /without a bank, as it is about the whole disk, found @5/],
    ['power-cut=lunch', 'qemu', /with one of loader, scan.*ready, found lunch/],
    ['power-cut-write=2', 'qemu', /expected the engine sim for power-cut-write, found engine qemu/],
  ])('%s is refused with what was expected', (text, engine, message) => {
    expect(() => parseFault(text, engine)).toThrow(message);
  });

  it.each<[string[], RegExp]>([
    [['missing=lunch.v00'], /a file of the bank \(boot\.cfg, bank\.env.*\), found lunch\.v00/],
    [['flip-bit=vmkernel:50000'], /an offset below 50000, the bytes of vmkernel, found 50000/],
    [['kernel-panic@9'], /a bank of the image \(5, 6\), found @9/],
    [['kernel-panic', 'init-hang@5'], /one way for bank 5 to fail, found kernel-panic/],
  ])('%j is refused once the disk is known', (faults, message) => {
    expect(() => play(faults)).toThrow(message);
  });

  it('is listed with its meaning', () => {
    expect(faultList('qemu')).not.toContain('power-cut-write');
    expect(faultList().split('\n')).toHaveLength(10);
  });
});

describe('a fault of a scenario', () => {
  it.each([
    ['io-error=write:7', { live: 'io-error', on: 'write', partition: 7 }],
    ['disk-latency=200ms', { live: 'disk-latency', milliseconds: 200 }],
    ['network-down', { live: 'network-down' }],
    ['clock-jump=-3600', { live: 'clock-jump', seconds: -3600 }],
    ['disk-full=/store', { live: 'disk-full', path: '/store' }],
    ['panic', { live: 'panic' }],
    ['kernel-panic@6', { text: 'kernel-panic@6', bank: 6, effect: { on: 'runtime' } }],
  ])('is read by the grammar of --fault: %s', (text, fault) => {
    expect(parseScenarioFault(text)).toMatchObject(fault);
  });

  it.each([
    ['network-down@5', 'network-down without a bank', '"@5"'],
    ['panic=now', 'panic with no argument', '"panic=now"'],
    ['disk-latency=soon', 'disk-latency=TIME with a time such as 200ms', '"disk-latency=soon"'],
    ['power-cut=lunch', 'power-cut=STAGE with one of loader, scan', '"power-cut=lunch"'],
    ['lunch', 'a fault: one of kernel-panic, init-hang', '"lunch"'],
  ])('is refused with what was expected: %s', (text, expected, found) => {
    expect(parseScenarioFault(text)).toMatchObject({
      expected: expect.stringContaining(expected),
      found,
    });
  });
});
