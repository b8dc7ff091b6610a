import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testProvider } from 'twinbank/cim/testing';
import { parseIpmi } from './ipmi.ts';
import { provider } from './sensors.ts';

// As ipmi-sensors 1.6.10 prints it for an R6: ID, name, type, state, reading, units, six thresholds, events.
const printed = `1,CPU1 Temp,Temperature,Nominal,31.00,C,N/A,N/A,N/A,76.00,86.00,96.00,'OK'
2,FAN1,Fan,Nominal,5400.00,RPM,N/A,600.00,1200.00,N/A,N/A,N/A,'OK'
3,P12V,Voltage,Critical,10.10,V,N/A,10.80,11.20,12.80,13.20,N/A,'At or Below (<=) Lower Critical Threshold'
4,PS1 Status,Power Supply,Nominal,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,'Presence detected'
5,PS2 Status,Power Supply,Critical,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,'Presence detected' 'Power Supply input lost (AC/DC)'
`;

function server(text = printed) {
  let out = text;
  let now = 0;
  const machine = testProvider(provider, {
    run: () => out,
    // A minute passes between two questions.
    now: () => {
      now += 60_000;
      return new Date(now);
    },
  });
  machine.write('/sys/class/ipmi/ipmi0/dev', '250:0');
  const prints = (other: string): void => {
    out = other;
  };
  return { ...machine, prints };
}

test('a sensor of the controller has its reading, its limits and its state', async () => {
  const [cpu, fan, volts] = await server().enumerate('Ridge_NumericSensor');
  assert.equal(cpu?.DeviceID, 'ipmi/1');
  assert.deepEqual([cpu?.CurrentReading, cpu?.UnitModifier, cpu?.BaseUnits], [310, -1, 2]);
  assert.deepEqual([cpu?.UpperThresholdNonCritical, cpu?.UpperThresholdFatal], [760, 960]);
  assert.deepEqual([fan?.CurrentReading, fan?.CurrentState], [5400, 'Normal']);
  assert.deepEqual(
    [volts?.CurrentReading, volts?.CurrentState, volts?.HealthState],
    [10_100, 'Lower Critical', 25],
  );
});

test('fans and power supplies are what their sensors say', async () => {
  const machine = server();
  assert.deepEqual(
    (await machine.enumerate('Ridge_Fan')).map((fan) => fan.ElementName),
    ['FAN1'],
  );
  const supplies = await machine.enumerate('Ridge_PowerSupply');
  assert.deepEqual(
    supplies.map((one) => one.DeviceID),
    ['ipmi/PS1', 'ipmi/PS2'],
  );
  assert.deepEqual(
    supplies.map((one) => one.HealthState),
    [5, 25],
  );
  assert.deepEqual(supplies[1]?.StatusDescriptions, [
    'Presence detected',
    'Power Supply input lost (AC/DC)',
  ]);
});

test('a host without a controller has the sensors of its drivers', async () => {
  const machine = testProvider(provider, {
    now: () => new Date(1e12),
  });
  machine.write('/sys/class/hwmon/hwmon0/name', 'coretemp');
  machine.write('/sys/class/hwmon/hwmon0/temp1_input', '42000');
  const [core, ...others] = await machine.enumerate('Ridge_NumericSensor');
  assert.deepEqual([core?.CurrentReading, others.length], [420, 0]);
  assert.deepEqual(await machine.enumerate('Ridge_PowerSupply'), []);
});

test('leaving the limits and coming back are told once each', async () => {
  const machine = server(
    printed.replace('10.10', '12.10').replace('Voltage,Critical', 'Voltage,Nominal'),
  );
  await machine.monitor(4, (look) => {
    if (look === 1) machine.prints(printed);
    if (look === 3)
      machine.prints(
        printed.replace('10.10', '12.00').replace('Voltage,Critical', 'Voltage,Nominal'),
      );
  });
  const told = machine.indications.map(({ properties }) => [
    properties.Message,
    properties.PerceivedSeverity,
  ]);
  assert.deepEqual(told, [
    ['P12V: Lower Critical at 10.1', 6],
    ['P12V: normal again at 12', 2],
  ]);
});

test('what ipmi-sensors says beside its rows is passed over', () => {
  assert.deepEqual(parseIpmi('ipmi_ctx_find_inband: driver timeout\n\n1,x\n'), []);
});
