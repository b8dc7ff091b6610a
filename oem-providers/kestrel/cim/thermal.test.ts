import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testProvider } from 'twinbank/cim/testing';
import { provider } from './thermal.ts';
import { provider as watchdogs } from './watchdog.ts';

const chip = '/sys/class/hwmon/hwmon0';

function box(celsius: number) {
  const machine = testProvider(provider, { writes: ['/sys/class/hwmon/hwmon*/temp1_max'] });
  machine.write(`${chip}/name`, 'nvme');
  machine.write(`${chip}/temp1_max`, '70000');
  machine.write(`${chip}/temp1_alarm`, '0');
  machine.write(
    '/usr/share/kestrel/thermal.json',
    '{ "warningCelsius": 65, "criticalCelsius": 80 }',
  );
  const warm = (value: number) => machine.write(`${chip}/temp1_input`, String(value * 1000));
  warm(celsius);
  return { ...machine, warm };
}

const policy = { InstanceID: 'kestrel:thermal' };

test('the drives get the limit of the policy, and each step up and down is told once', async () => {
  const machine = box(50);
  const degrees = [66, 66, 81, 76, 74, 62, 59];
  await machine.monitor(degrees.length + 1, (look) => machine.warm(degrees[look - 1] ?? 59));
  assert.equal(machine.host.read(`${chip}/temp1_max`), '65000');
  assert.deepEqual(
    machine.indications.map(({ properties }) => [properties.Message, properties.PerceivedSeverity]),
    [
      ['nvme temp1: warning at 66 C', 3],
      ['nvme temp1: critical at 81 C', 6],
      ['nvme temp1: warning at 74 C', 3],
      ['nvme temp1: normal at 59 C', 2],
    ],
  );
});

test('other limits hold for sensors and drives, and wrong ones for nobody', async () => {
  const machine = box(50);
  const limits = { WarningCelsius: 45, CriticalCelsius: 60 };
  assert.deepEqual(await machine.invoke('Kestrel_ThermalPolicy', policy, 'SetLimits', limits), {
    ...{ returnValue: 0, out: { Drives: 1 } },
  });
  assert.equal(machine.host.read(`${chip}/temp1_max`), '45000');
  const [sensor] = await machine.enumerate('Kestrel_NumericSensor');
  assert.deepEqual(
    [sensor?.CurrentState, sensor?.UpperThresholdNonCritical],
    ['Upper Non-Critical', 450],
  );
  for (const wrong of [
    { ...limits, CriticalCelsius: 45 },
    { ...limits, WarningCelsius: 10 },
  ]) {
    await assert.rejects(machine.invoke('Kestrel_ThermalPolicy', policy, 'SetLimits', wrong), {
      status: 'invalid-parameter',
    });
  }
  assert.equal((await machine.get('Kestrel_ThermalPolicy', policy)).WarningCelsius, 45);
});

test('a watchdog that nothing stops is well, any other one is not', async () => {
  const machine = testProvider(watchdogs);
  const dog = (name: string, files: Record<string, string>) => {
    for (const [file, text] of Object.entries(files))
      machine.write(`/sys/class/watchdog/${name}/${file}`, text);
  };
  dog('watchdog0', {
    identity: 'i6300ESB timer',
    timeout: '60',
    state: 'active',
    nowayout: '1',
    bootstatus: '0',
  });
  dog('watchdog1', { identity: 'other', timeout: '30', state: 'inactive', nowayout: '0' });
  const found = await machine.enumerate('Kestrel_Watchdog');
  assert.deepEqual(
    found.map((one) => [one.DeviceID, one.TimeoutInterval, one.HealthState, one.NoWayOut]),
    [
      ['watchdog0', 60_000_000, 5, true],
      ['watchdog1', 30_000_000, 10, false],
    ],
  );
});
