import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { chooseBanks } from '../../../../src/harness/faults/bind-faults.ts';
import { parseFault } from '../../../../src/harness/faults/parse-fault.ts';
import { followBoots } from '../../../../src/harness/qemu/follow-boots.ts';
import { defaultMachine } from '../../../../src/harness/qemu/machine.ts';
import { writtenLines } from '../../../support/written-lines.ts';
import { fakeQemu } from './fake-qemu.ts';

let fake: ReturnType<typeof fakeQemu>;
afterEach(() => fake.restore());

const machine = { ...defaultMachine, image: '/nowhere.img', accelerator: 'tcg' as const };
const boot5 = [
  'twinbank: loader',
  'twinbank: verifying bank 5',
  'twinbank: booting bank 5 build=1',
];
const boot6 = [
  'twinbank: loader',
  'twinbank: verifying bank 6',
  'twinbank: booting bank 6 build=1',
];
const ready = 'twinbank: ready build=1 bank=6 boot=9.0s';
const panic = 'Kernel panic - not syncing: sysrq triggered crash';

/** A QEMU whose n-th start writes the n-th list of lines, and that powers off when it is asked to. */
function console(...starts: readonly (readonly string[])[]): void {
  fake = fakeQemu(`
const folder = require('node:path').dirname(process.argv[1]);
fs.appendFileSync(folder + '/starts', process.argv.join(' ') + '\\n');
const start = fs.readFileSync(folder + '/starts', 'utf8').split('\\n').length - 2;
const lines = ${JSON.stringify(starts)}[start];
const serial = connect('console');
const vmkd = connect('vmkd');
const control = connect('qmp');
qmp(control, (command) => {
  if (command === 'qmp_capabilities') serial.write(lines.join('\\r\\n') + '\\r\\n');
  if (command !== 'system_powerdown') return;
  fs.writeFileSync(folder + '/off', '');
  control.end(() => serial.end(() => process.exit(0)));
});
`);
}

function follow(boots: number, faults: readonly string[] = [], timeoutMs = 3000) {
  const named = faults.map((text) => parseFault(text, 'qemu'));
  const bound = chooseBanks(named, { banks: [5, 6], first: 5 });
  return followBoots({ machine, boots, timeoutMs, faults: bound });
}

const story = ({ boots }: Awaited<ReturnType<typeof follow>>) =>
  boots.map(({ booted, outcome }) => `${booted} ${outcome}`);
const starts = () => writtenLines(join(fake.folder, 'starts'));

describe('following the boots of a machine', () => {
  it('goes through every reset to the system that stays up, and powers that off', async () => {
    console([...boot5, panic, 'Call Trace:', 'SeaBIOS', ...boot5, 'hanging', ...boot6, ready]);
    const followed = await follow(9, ['kernel-panic']);
    expect(story(followed)).toEqual(['5 panic', '5 hang', '6 healthy']);
    expect(followed.boots[2]?.lines[0]?.text).toBe('twinbank: loader');
    expect(starts()).toHaveLength(1);
    expect(starts()[0]).toMatch(/-action reboot=reset -fw_cfg name=\S+,string=kernel-panic@5$/);
    expect(existsSync(join(fake.folder, 'off'))).toBe(true);
    expect(fake.left()).toEqual([]);
  });

  it('ends after as many boots as it was asked for', async () => {
    console([...boot5, panic, ...boot5, panic, ...boot5, panic]);
    expect(story(await follow(2))).toEqual(['5 panic', '5 panic']);
    expect(fake.runs()).toBe(false);
  });

  it('kills the machine where the power fails, once, and starts it again', async () => {
    console([...boot5, 'twinbank: ready build=1 bank=5 boot=9.0s'], [...boot6, ready]);
    const followed = await follow(5, ['power-cut=verify', 'power-cut=dirty']);
    expect(story(followed)).toEqual(['null hang', '6 healthy']);
    expect(followed.boots[0]?.lines.at(-1)?.text).toBe('twinbank: verifying bank 5');
    expect(followed.unfired).toEqual(['power-cut=dirty']);
    expect(starts()).toHaveLength(2);
  });

  it('ends at the rescue prompt, and when nothing more comes', async () => {
    console(['twinbank: loader', 'twinbank: rescue: no bank can be booted']);
    expect(story(await follow(5))).toEqual(['null rescue']);
    fake.restore();
    console(boot5);
    expect(story(await follow(5, [], 500))).toEqual(['5 timeout']);
    fake.restore();
    console([...boot5, 'twinbank: unhealthy build=1 bank=5 boot=12.0s agent syslog: dead']);
    expect(story(await follow(5, [], 500))).toEqual(['5 unhealthy']);
    expect(fake.runs()).toBe(false);
  });
});
