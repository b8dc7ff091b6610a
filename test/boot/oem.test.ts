import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { buildImage } from '../../src/builder/build-image.ts';
import { systemApt } from '../../src/builder/components/apt.ts';
import { userCache } from '../../src/builder/components/cache-key.ts';
import { silent } from '../../src/diagnostics/progress.ts';
import { defaultMachine, type MachineOptions } from '../../src/harness/qemu/machine.ts';
import { type QemuMachine, startQemu } from '../../src/harness/qemu/qemu.ts';
import { loadRecipe } from '../../src/recipe/load.ts';
import { readTar } from '../../src/state/tar.ts';
import { bootTimeoutMs } from '../support/boot.ts';
import { sdrFile } from '../support/ipmi-sdr.ts';

const root = join(import.meta.dirname, '../..');
const out = mkdtempSync(join(tmpdir(), 'twinbank-oem-boot-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));
const timeoutMs = bootTimeoutMs;

async function build(recipe: string, set: string[] = []): Promise<string> {
  const cache = userCache(process.env, silent);
  const { files } = await buildImage({
    recipe: loadRecipe(recipe, { cwd: root, set }).recipe,
    request: { recipe, set, locked: false },
    ...{ report: silent, out, formats: ['raw'] },
    components: { cache, apt: systemApt, report: silent },
  });
  return files[0] ?? '';
}

/** Runs `use` on a machine whose console has said `ready`. */
async function boot(
  options: Partial<MachineOptions> & { image: string },
  use: (machine: QemuMachine) => Promise<void>,
): Promise<void> {
  const machine = await startQemu({ ...defaultMachine, accelerator: 'tcg', ...options });
  try {
    const ready = await machine.console.waitFor(/twinbank: ready/, { timeoutMs });
    expect(ready).toHaveProperty('line');
    await use(machine);
  } finally {
    await machine.stop();
  }
}

const lines = ({ console }: QemuMachine): string[] => console.lines.map(({ text }) => text);
/** The properties of the instances of a class, by a property of theirs. */
async function instances(machine: QemuMachine, className: string, by: string) {
  const timeout = 60_000;
  const answer = await machine.vmkd.call('cim.instances', { class: className }, timeout);
  const found = answer as { instances: { properties: Record<string, unknown> }[]; problems: [] };
  expect(found.problems).toEqual([]);
  return Object.fromEntries(found.instances.map(({ properties }) => [properties[by], properties]));
}

test('two OEMs with defaults for the same are refused before anything boots, by their names', async () => {
  const set = ['oem=["file:test/support/beeper", "file:oem-providers/kestrel"]'];
  await expect(build('recipes/default.yaml', set)).rejects.toThrow(
    /beeper\/provider\.yaml:\d+:\d+ and \S*kestrel\/provider\.yaml:\d+:\d+ both set defaults\.syslog; /,
  );
});

describe('the image of', () => {
  test("ridge shows its brand, its controller's sensors and its support bundle", async () => {
    const image = await build('recipes/ridge.yaml');
    const sdr = join(out, 'sdr.bin');
    writeFileSync(
      sdr,
      sdrFile([
        { name: 'CPU1 Temp', type: 1, unit: 1, value: [31, 0] },
        { name: 'FAN1', type: 4, unit: 18, value: [54, 2] },
        { name: 'P12V', type: 2, unit: 4, value: [121, -1] },
        { name: 'PS1 Power', type: 8, unit: 6, value: [145, 0] },
      ]),
    );
    const extra = [
      ...['-device', `ipmi-bmc-sim,id=bmc0,sdrfile=${sdr}`, '-device', 'isa-ipmi-kcs,bmc=bmc0'],
      ...['-smbios', 'type=1,manufacturer=Ridgeline,product=R6,serial=SN-1'],
      ...['-smbios', 'type=2,manufacturer=Ridgeline,product=RB6,serial=B-9'],
      ...['-smbios', 'type=3,manufacturer=Ridgeline,asset=A-77,serial=C-9'],
    ];
    await boot({ image, extra }, async (machine) => {
      const logo = readFileSync(join(root, 'oem-providers/ridge/logo.txt'), 'utf8').trimEnd();
      expect(lines(machine).join('\n')).toContain(logo);
      expect(lines(machine).join('\n')).toMatch(/OEM ridge \S+ of Ridgeline Systems: Ridgeline R6/);
      const status = await machine.vmkd.call('status');
      expect(status).toMatchObject({
        problems: [],
        drivers: { loaded: expect.arrayContaining(['ipmi_si', 'ipmi_devintf']), failed: [] },
      });
      expect(await instances(machine, 'CIM_NumericSensor', 'ElementName')).toMatchObject({
        'CPU1 Temp': { CurrentReading: 310, UnitModifier: -1, BaseUnits: 2, HealthState: 5 },
        FAN1: { CurrentReading: 5400, BaseUnits: 19 },
        P12V: { CurrentReading: 12_100, UnitModifier: -3, BaseUnits: 5 },
        'PS1 Power': { CurrentReading: 145_000, BaseUnits: 7 },
      });
      expect(await instances(machine, 'CIM_PowerSupply', 'DeviceID')).toHaveProperty('ipmi/PS1');
      expect(await instances(machine, 'CIM_PhysicalElement', 'CreationClassName')).toMatchObject({
        Ridge_MainBoard: { Model: 'RB6', SerialNumber: 'B-9' },
        Twinbank_Chassis: { Manufacturer: 'Ridgeline', SerialNumber: 'C-9', UserTracking: 'A-77' },
      });
      const bundle = await collect(machine);
      const files = new Map(bundle.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]));
      expect(files.get('oem/ridge/sensors.sh.txt')).toContain('/sys/class/dmi/id/product_name: R6');
      // By the command at a shell of the host, as the script runs it.
      expect(files.get('oem/ridge/sensors.sh.txt')).toMatch(/\n {2}ElementName +FAN1\n/);
      expect(files.get('cim/instances.json')).toContain('"CPU1 Temp"');
      expect(files.get('boot-cfg/bank5.cfg')).toMatch(/^# GRUB Environment Block/);
      // On a slow machine an agent may not have answered yet when health is first looked at.
      const journal = JSON.parse(files.get('boot-journal.json') ?? '') as { event: string }[];
      expect(journal.filter(({ event }) => event !== 'unhealthy')).toMatchObject([
        { event: 'booted', bank: 5 },
        { event: 'ready' },
      ]);
      const { collectors } = JSON.parse(files.get('contents.json') ?? '');
      const failed = (collectors as { problem: unknown }[]).filter(
        ({ problem }) => problem !== null,
      );
      expect(failed).toEqual([]);
    });
  });

  test('kestrel keeps its limits of heat on a real drive, and the defaults of its site', async () => {
    const image = await build('recipes/kestrel.yaml');
    await boot({ image, firmware: 'uefi', disk: 'nvme' }, async (machine) => {
      expect(lines(machine).join('\n')).toContain('K E S T R E L');
      expect(lines(machine).join('\n')).toMatch(/confirmed \/dev\/nvme0n1p5,/);
      expect(await machine.vmkd.call('config.get')).toMatchObject({
        syslog: { targets: ['192.0.2.10:514'] },
        ntp: { servers: ['192.0.2.11'] },
      });
      await machine.vmkd.call('config.set', { ntp: { servers: [] } });
      expect(await machine.vmkd.call('config.get')).toMatchObject({
        syslog: { targets: ['192.0.2.10:514'] },
        ntp: { servers: [] },
      });
      expect(await instances(machine, 'CIM_Watchdog', 'DeviceID')).toMatchObject({
        watchdog0: { TimeoutInterval: 30_000_000, HealthState: 5 },
      });
      const drive = { CurrentReading: 499, CurrentState: 'Normal', UpperThresholdNonCritical: 650 };
      expect(await instances(machine, 'CIM_NumericSensor', 'ElementName')).toMatchObject({
        'nvme Composite': drive,
      });
      const path = 'root/cimv2:Kestrel_ThermalPolicy.InstanceID="kestrel:thermal"';
      const set = { path, method: 'SetLimits' };
      await expect(
        machine.vmkd.call('cim.invoke', { ...set, parameters: { WarningCelsius: 45 } }),
      ).rejects.toThrow('CriticalCelsius: expected a value, found none');
      const parameters = { WarningCelsius: 45, CriticalCelsius: 60 };
      expect(await machine.vmkd.call('cim.invoke', { ...set, parameters })).toEqual({
        ...{ returnValue: 0, out: { Drives: 1 } },
      });
      const told = { after: 0, waitMs: 25_000 };
      expect(await machine.vmkd.call('cim.indications', told, 60_000)).toMatchObject({
        indications: [
          {
            className: 'Kestrel_AlertIndication',
            properties: { PerceivedSeverity: 3, Message: 'nvme Composite: warning at 49.85 C' },
          },
        ],
      });
      expect(await instances(machine, 'CIM_NumericSensor', 'ElementName')).toMatchObject({
        'nvme Composite': { CurrentState: 'Upper Non-Critical', UpperThresholdNonCritical: 450 },
      });
    });
  });
});

/** Has a support bundle made, and fetches it chunk by chunk. */
async function collect({ vmkd }: QemuMachine) {
  await vmkd.call('support.collect', {}, timeoutMs);
  const chunks: Buffer[] = [];
  for (let offset = 0, end = false; !end; ) {
    const answer = await vmkd.call('support.read', { offset });
    const chunk = answer as { data: string; next: number; end: boolean };
    chunks.push(Buffer.from(chunk.data, 'base64'));
    ({ next: offset, end } = chunk);
  }
  return readTar(gunzipSync(Buffer.concat(chunks)));
}
