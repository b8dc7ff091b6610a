import { describe, expect, it } from 'vitest';
import { endOfBoot, judgeBoot } from '../../../../src/harness/console/judge.ts';
import { bootTimeline, timedEvents } from '../../../../src/harness/console/timeline.ts';

/** A boot as the console really tells it: seconds, then the line. */
const healthyBoot = `
0.9 twinbank: loader
2.2 twinbank: bank 5 VALID attempts=0 verdict=- updated=2 build=0.1.0-1
4.4 twinbank: verifying bank 5
18.1 twinbank: booting bank 5 build=0.1.0-1
47.8 twinbank: stage=kernel at=47.30s Linux 6.1.0-56-amd64
57.0 twinbank: stage=engine at=56.47s Node 22.23.3
69.4 twinbank: stage=drivers at=68.94s 9 for 60 devices
70.4 twinbank: stage=agents at=69.95s vmkd, virtio-serial port, power button
70.9 twinbank: stage=network at=70.44s vmk0 10.0.2.15/24
72.2 twinbank: stage=bank at=71.76s confirmed /dev/vda5, was VALID attempts=1
72.3 twinbank: ready build=0.1.0-1 bank=5 boot=71.8s`;

const parse = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((row) => {
      const [seconds = ''] = row.split(' ', 1);
      return { seconds: Number(seconds), text: row.slice(seconds.length + 1) };
    });

/** Judges a console at the first line that ends the boot, or at a time-out. */
function judge(text: string, until?: RegExp, ended: 'timeout' | 'closed' = 'timeout') {
  const lines = parse(text);
  const end = endOfBoot(until);
  const line = lines.find((one) => end.test(one.text));
  return judgeBoot(lines, line ? { line } : { ended }, until);
}

describe('a boot is', () => {
  it('healthy with a ready line, whose bank and times it has', () => {
    expect(judge(healthyBoot)).toMatchObject({
      outcome: 'healthy',
      booted: 5,
      bootSeconds: 71.8,
      readySeconds: 72.3,
    });
  });

  it('unhealthy when it says so and never becomes ready', () => {
    const ill = `1 twinbank: booting bank 5 build=1
12 twinbank: unhealthy build=1 bank=5 boot=12.0s agent syslog: it ended`;
    expect(judge(ill)).toMatchObject({ outcome: 'unhealthy', booted: 5 });
    const late = `${ill}\n20 twinbank: ready build=1 bank=5 boot=19.0s`;
    expect(judge(late)).toMatchObject({ outcome: 'healthy' });
  });

  it('the bank by the ready line where the line of the loader was lost', () => {
    expect(judge('1 twinbank: loader\n2 twinbank: ready build=1 bank=6 boot=2.0s')).toMatchObject({
      outcome: 'healthy',
      booted: 6,
    });
  });

  it('a panic when the kernel says so', () => {
    const result = judge(`1 twinbank: booting bank 5 build=1
2 [    3.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100`);
    expect(result).toMatchObject({ outcome: 'panic', booted: 5 });
    expect(result).not.toHaveProperty('bootSeconds');
  });

  it('a rescue when the loader gives up, and then no bank was started', () => {
    expect(
      judge('1 twinbank: booting bank 6 build=1\n2 twinbank: rescue: no bank can be booted'),
    ).toMatchObject({ outcome: 'rescue', booted: null });
  });

  it('a time-out when nothing of that comes, a hang when the machine goes away instead', () => {
    expect(judge('1 twinbank: loader')).toMatchObject({ outcome: 'timeout', booted: null });
    expect(judge('1 twinbank: loader', undefined, 'closed')).toMatchObject({ outcome: 'hang' });
  });

  it('unhealthy when a trial tells why it resets the machine', () => {
    const trial = '1 twinbank: booting bank 6 build=2\n9 twinbank: resetting: trial not healthy';
    expect(judge(trial, undefined, 'closed')).toMatchObject({ outcome: 'unhealthy', booted: 6 });
  });

  it('healthy without a bank where no loader started the system', () => {
    expect(judge('9 twinbank: ready build=unknown bank=- boot=9.0s')).toMatchObject({
      ...{ outcome: 'healthy', booted: null, bootSeconds: 9 },
    });
  });

  it('reached at a line that the caller waits for, and healthy only where it was ready before', () => {
    const kernel = /stage=kernel/;
    expect(judge(healthyBoot, kernel)).toMatchObject({ outcome: 'reached', booted: 5 });
    expect(judge('1 TWINBANK: loader', /^twinbank: loader$/i)).toMatchObject({
      ...{ outcome: 'reached', booted: null },
    });
    expect(judge('1 abab', /^(ab)\1$/)).toMatchObject({ outcome: 'reached' });
    expect(judge(`${healthyBoot}\n80 agent started`, /agent/)).toMatchObject({
      outcome: 'reached',
    });
    expect(judge(`${healthyBoot}\n80 lamp started`, /lamp/)).toMatchObject({
      outcome: 'healthy',
      readySeconds: 72.3,
    });
    expect(judge(healthyBoot, /twinbank: ready/)).toMatchObject({ outcome: 'healthy' });
    const ill = `${healthyBoot}\n80 twinbank: unhealthy build=1 bank=5 boot=80.0s agent syslog: it ended`;
    expect(judge(`${ill}\n81 lamp started`, /lamp/)).toMatchObject({ outcome: 'reached' });
    expect(judge(healthyBoot, /lamp started/)).toMatchObject({ outcome: 'timeout', booted: 5 });
  });

  it('a panic, a rescue or a reset first, whatever the caller waits for', () => {
    expect(judge('1 Kernel panic - not syncing', /panic/)).toMatchObject({ outcome: 'panic' });
    expect(judge('1 abab\n2 Kernel panic - not syncing', /nothing/)).toMatchObject({
      outcome: 'panic',
    });
    expect(judge('1 twinbank: rescue: no bank can be booted', /rescue/)).toMatchObject({
      outcome: 'rescue',
    });
    const reset = `1 twinbank: booting bank 6 build=2
9 twinbank: resetting: trial not healthy
10 reboot: Restarting system`;
    for (const until of [/resetting/, /Restarting/, /nothing/]) {
      expect(judge(reset, until, 'closed')).toMatchObject({ outcome: 'unhealthy', booted: 6 });
    }
    expect(judge('1 twinbank: loader', /nothing/, 'closed')).toMatchObject({ outcome: 'hang' });
  });

  it('of the bank that was started last', () => {
    expect(
      judge('1 twinbank: booting bank 5 build=2\n2 twinbank: booting bank 6 build=1'),
    ).toMatchObject({ booted: 6 });
  });
});

describe('a timeline', () => {
  it('has the stages one after another, from power-on to ready', () => {
    const stages = bootTimeline(timedEvents(parse(healthyBoot)));
    expect(stages.map(({ name }) => name)).toEqual([
      'firmware',
      'loader',
      'hashes',
      'kernel',
      'init and engine',
      'drivers',
      'agents',
      'network',
      'confirm',
    ]);
    expect(stages[0]).toEqual({ name: 'firmware', start: 0, end: 0.9 });
    for (const [index, { start }] of stages.slice(1).entries()) {
      expect(start).toBe(stages[index]?.end);
    }
    expect(stages.at(-1)?.end).toBe(72.3);
  });

  it('gives the time of a stage that does not show to the next one that does', () => {
    const lines = parse('3 twinbank: verifying bank 5\n9 twinbank: stage=kernel at=8.00s Linux');
    expect(bootTimeline(timedEvents(lines))).toEqual([
      { name: 'loader', start: 0, end: 3 },
      { name: 'kernel', start: 3, end: 9 },
    ]);
    expect(bootTimeline(timedEvents([]))).toEqual([]);
  });

  it('takes all of a refused bank for hashes, and never runs backwards', () => {
    const lines = parse(`1 twinbank: loader
2 twinbank: verifying bank 5
5 twinbank: verifying bank 6
8 twinbank: booting bank 6 build=1`);
    expect(bootTimeline(timedEvents(lines)).at(-1)).toEqual({ name: 'hashes', start: 2, end: 8 });
  });
});
