import { type CimHost, type CimInstance, defineProvider } from 'twinbank/cim';
import {
  healthOf,
  hwmonSensor,
  type Measured,
  numericSensor,
  type SensorState,
  stateOf,
} from 'twinbank/cim/sensor';
import { type IpmiSensor, measuredOf, readIpmi } from './ipmi.ts';

/** One round of the controller answers several classes: it is asked again after this time only. */
const freshMs = 5_000;
const lookMs = 30_000;

let last: { at: number; sensors: Promise<IpmiSensor[]> } | undefined;

function ipmi(host: CimHost): Promise<IpmiSensor[]> {
  const at = host.now().getTime();
  if (!last || at - last.at > freshMs || at < last.at) last = { at, sensors: readIpmi(host) };
  return last.sensors;
}

/** What the controller measures, and what the kernel's drivers do. */
async function measured(host: CimHost): Promise<Measured[]> {
  const ofController = (await ipmi(host)).flatMap((one) => measuredOf(one, host.systemName) ?? []);
  return [...ofController, ...host.hwmon().map((one) => hwmonSensor(one, host.systemName))];
}

const device = (host: CimHost, id: string, name: string): CimInstance => ({
  ...{ SystemCreationClassName: 'Twinbank_ComputerSystem', SystemName: host.systemName },
  ...{ DeviceID: id, ElementName: name, EnabledState: 2 },
});

async function fans(host: CimHost): Promise<CimInstance[]> {
  return (await measured(host))
    .filter(({ kind }) => kind === 'fan')
    .map((fan) => ({
      ...device(host, fan.id, fan.name),
      ...{ ActiveCooling: true, VariableSpeed: true },
      ...healthOf(stateOf(fan)),
    }));
}

/** `PS1 Status` and `PS1 Input Power` are sensors of one power supply, PS1. */
async function powerSupplies(host: CimHost): Promise<CimInstance[]> {
  const sensors = await ipmi(host);
  const names = sensors.map(({ name }) => /^PS\d+\b/.exec(name)?.[0]);
  return [...new Set(names)].flatMap((name): CimInstance[] => {
    if (name === undefined) return [];
    const own = sensors.filter((_, index) => names[index] === name);
    const events = own.flatMap((one) => one.events).filter((event) => event !== 'OK');
    return [
      {
        ...device(host, `ipmi/${name}`, `Power supply ${name.slice(2)}`),
        ...{ IsSwitchingSupply: true, StatusDescriptions: events },
        ...healthOf(worstOf(own)),
      },
    ];
  });
}

function worstOf(sensors: readonly IpmiSensor[]): SensorState {
  const states = sensors.map(({ state }) => state);
  if (states.includes('Critical')) return 'Upper Critical';
  if (states.includes('Warning')) return 'Upper Non-Critical';
  return states.includes('Nominal') ? 'Normal' : 'Unknown';
}

/** SMBIOS type 2 (DSP0134 7.3). */
function mainBoards(host: CimHost): CimInstance[] {
  return host
    .smbios()
    .filter(({ type }) => type === 2)
    .map((board, index) => ({
      ...{ Tag: `board-${index}`, ElementName: 'Main board', PackageType: 9 },
      ...{ Manufacturer: board.text(4) ?? null, Model: board.text(5) ?? null },
      ...{ Version: board.text(6) ?? null, SerialNumber: board.text(7) ?? null },
      UserTracking: board.text(8) ?? null,
    }));
}

/** Told once when a sensor leaves its limits, and once when it is back. */
async function monitor(host: CimHost): Promise<void> {
  const before = new Map<string, SensorState>();
  while (!host.ending) {
    for (const one of await measured(host).catch((): Measured[] => [])) {
      const state = stateOf(one);
      const was = before.get(one.id) ?? 'Normal';
      // A sensor that does not answer for a moment tells nothing.
      if (state === 'Unknown') continue;
      before.set(one.id, state);
      if (state !== was) host.indicate('Ridge_AlertIndication', alertOf(one, state, host));
    }
    await host.sleep(lookMs);
  }
}

function alertOf(one: Measured, state: SensorState, host: CimHost): CimInstance {
  const isOver = state === 'Normal';
  const severe = healthOf(state).HealthState >= 25;
  return {
    ...{ AlertType: one.kind === 'temp' ? 6 : 5, ProbableCause: isOver ? 59 : 52 },
    ...{
      PerceivedSeverity: isOver ? 2 : severe ? 6 : 3,
      OwningEntity: 'Ridgeline',
      MessageID: 'RIDGE-SENSOR',
    },
    ...{ EventTime: null, SensorID: one.id, SystemName: host.systemName },
    Message: `${one.name}: ${isOver ? 'normal again' : state}${one.value === undefined ? '' : ` at ${one.value}`}`,
  };
}

const none = { properties: {} };

export const provider = defineProvider({
  classes: [
    {
      ...{ name: 'Ridge_NumericSensor', superclass: 'CIM_NumericSensor', ...none },
      description:
        'A sensor of the management controller (ipmi/ID) or of a driver (CHIP/DEVICE/CHANNEL)',
      enumerate: async (host) => (await measured(host)).map((one) => numericSensor(one)),
    },
    {
      ...{ name: 'Ridge_Fan', superclass: 'CIM_Fan', ...none },
      description: 'A fan; its tachometer is the Ridge_NumericSensor of the same DeviceID',
      enumerate: fans,
    },
    {
      ...{ name: 'Ridge_PowerSupply', superclass: 'CIM_PowerSupply', ...none },
      description: 'A power supply, by the sensors that are named after it',
      enumerate: powerSupplies,
    },
    {
      ...{ name: 'Ridge_MainBoard', superclass: 'CIM_PhysicalPackage', ...none },
      description: 'The main board',
      enumerate: mainBoards,
    },
    {
      ...{ name: 'Ridge_AlertIndication', superclass: 'CIM_AlertIndication' },
      description: 'A sensor has left its limits, or is back in them',
      properties: {
        SensorID: { type: 'string', description: 'DeviceID of the Ridge_NumericSensor' },
      },
    },
  ],
  monitor,
});
