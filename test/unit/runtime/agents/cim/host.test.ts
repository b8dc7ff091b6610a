import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cimHost, matchesPath } from '../../../../../src/runtime/agents/cim/host.ts';
import {
  hwmonSensor,
  numericSensor,
  stateOf,
} from '../../../../../src/runtime/agents/cim/sensor.ts';
import { expandPattern } from '../../../../../src/runtime/system/expand-pattern.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const chip = 'sys/class/hwmon/hwmon0';
const files = {
  [`${chip}/name`]: 'nvme\n',
  [`${chip}/device/device/uevent`]: 'DRIVER=nvme\nPCI_SLOT_NAME=0000:00:04.0\n',
  [`${chip}/temp1_input`]: '49850\n',
  [`${chip}/temp1_label`]: 'Composite\n',
  [`${chip}/temp1_max`]: '69850\n',
  [`${chip}/temp1_crit`]: '99850\n',
  [`${chip}/temp1_alarm`]: '0\n',
  'sys/class/hwmon/hwmon10/name': 'acpi_power_meter\n',
  'sys/class/hwmon/hwmon10/power1_average': '120500000\n',
  'sys/class/hwmon/hwmon10/power1_input': '1\n',
  'sys/class/hwmon/hwmon2/name': 'broken\n',
  'sys/class/hwmon/hwmon2/fan1_input': 'EIO\n',
  'sys/class/hwmon/hwmon2/fan1_min_alarm': '1\n',
};

function hostOf(root: string, writes: string[] = [], signal = new AbortController().signal) {
  return cimHost({
    root,
    writes,
    signal,
    smbiosTable: '/none',
    systemName: 'n',
    now: () => new Date(0),
    programs: {
      echo: { path: '/bin/echo', libraries: '' },
      false: { path: '/bin/false', libraries: '' },
      sleep: { path: '/bin/sleep', libraries: '' },
    },
    indicate: () => {},
  });
}

describe('the sensors of hwmon', () => {
  const readings = hostOf(temporaryFiles(files)).hwmon();

  test('are told in their units, with limits, by the device behind the chip', () => {
    expect(readings).toMatchObject([
      {
        chip: 'nvme',
        device: '0000:00:04.0',
        channel: 'temp1',
        kind: 'temp',
        alarm: false,
        label: 'Composite',
        value: 49.85,
        limits: { max: 69.85, crit: 99.85 },
      },
      { chip: 'broken', channel: 'fan1', value: undefined, alarm: true },
      { chip: 'acpi_power_meter', channel: 'power1', value: 120.5, limits: {} },
    ]);
  });

  test('become numeric sensors: CurrentReading * 10^UnitModifier of BaseUnits', () => {
    const [drive, fan, power] = readings.map((one) => numericSensor(hwmonSensor(one, 'n')));
    expect(drive).toMatchObject({
      DeviceID: 'nvme/0000:00:04.0/temp1',
      ElementName: 'nvme Composite',
      SensorType: 2,
      BaseUnits: 2,
      UnitModifier: -1,
      CurrentReading: 499,
      UpperThresholdNonCritical: 699,
      UpperThresholdCritical: 999,
      CurrentState: 'Normal',
      HealthState: 5,
    });
    expect(fan).toMatchObject({ CurrentReading: null, CurrentState: 'Unknown', HealthState: 0 });
    expect(power).toMatchObject({ BaseUnits: 7, UnitModifier: -3, CurrentReading: 120_500 });
  });
});

test.each([
  [10, 'Normal'],
  [60, 'Upper Non-Critical'],
  [80, 'Upper Critical'],
  [90, 'Upper Fatal'],
  [0, 'Lower Critical'],
  [undefined, 'Unknown'],
] as const)('a sensor at %s is in the state %s', (value, state) => {
  const upper = { warning: 60, critical: 80, fatal: 90 };
  const measured = { id: '1', name: 'x', kind: 'temp', systemName: 'n', value, upper } as const;
  expect(stateOf({ ...measured, lower: { critical: 0 } })).toBe(state);
  if (state === 'Normal') expect(stateOf({ ...measured, alarm: true })).toBe('Alarm');
});

describe('what a provider may do', () => {
  test('writes what is granted, and nothing by way of other folders', () => {
    const root = temporaryFiles({ 'sys/class/hwmon/hwmon0/temp1_max': '1', 'etc/shadow': 'x' });
    const host = hostOf(root, ['/sys/class/hwmon/hwmon*/temp1_max']);
    host.write('/sys/class/hwmon/hwmon0/temp1_max', '65000');
    expect(readFileSync(join(root, 'sys/class/hwmon/hwmon0/temp1_max'), 'utf8')).toBe('65000');
    for (const path of [
      '/etc/shadow',
      '/sys/class/hwmon/hwmon0/../../temp1_max',
      '/sys/class/hwmon/hwmon0/a/temp1_max',
    ]) {
      expect(() => host.write(path, 'x')).toThrow(
        expect.objectContaining({ status: 'access-denied' }),
      );
    }
    expect(readFileSync(join(root, 'etc/shadow'), 'utf8')).toBe('x');
    expect(matchesPath('/a/*', '/a/..')).toBe(false);
  });

  test('reads below its root only, and what is missing has no value', () => {
    const root = temporaryFiles({ 'proc/uptime': '1 2\n' });
    const host = hostOf(root);
    expect(host.read('/proc/uptime')).toBe('1 2');
    expect(host.read('../../../../../../../etc/passwd')).toBeUndefined();
    expect(host.list('/nowhere')).toEqual([]);
  });

  test('runs its programs, with bounds', async () => {
    const ending = new AbortController();
    const host = hostOf('/', [], ending.signal);
    expect(await host.run('echo', ['a', 'b c'])).toBe('a b c\n');
    await expect(host.run('rm', [])).rejects.toThrow(
      'expected a program of provider.yaml (echo, false, sleep), found rm',
    );
    await expect(host.run('false', [])).rejects.toMatchObject({ status: 'failed' });
    await expect(host.run('sleep', ['60'], { timeoutMs: 50 })).rejects.toThrow(
      'it did not end in 0.05 s',
    );
    const sleeping = host.sleep(1e6);
    ending.abort();
    await expect(sleeping).rejects.toThrow('the provider has to end');
    expect(host.ending).toBe(true);
  });
});

test('a pattern of provider.yaml stands for the paths that there are', () => {
  const root = temporaryFiles({
    'sys/a/hw1/x': '',
    'sys/a/hw2/x': '',
    'sys/a/hw2/y': '',
    'sys/b/hw3/x': '',
  });
  const relative = (pattern: string) =>
    expandPattern(pattern, root).map((path) => path.slice(root.length));
  expect(relative('/sys/a/hw*/x')).toEqual(['/sys/a/hw1/x', '/sys/a/hw2/x']);
  expect(relative('/sys/*/hw3/*')).toEqual(['/sys/b/hw3/x']);
  expect(relative('/sys/../../../../etc/passwd')).toEqual([]);
});
