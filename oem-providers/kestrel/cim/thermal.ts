import { type CimHost, type CimInstance, defineProvider, type HwmonReading } from 'twinbank/cim';
import { hwmonSensor, numericSensor } from 'twinbank/cim/sensor';
import { assertPolicy, readPolicy, type ThermalPolicy } from './policy.ts';

/** The policy in force: that of the image until somebody calls SetLimits, and again after the next boot. */
let inForce: ThermalPolicy | undefined;

const policyOf = (host: CimHost): ThermalPolicy => (inForce ??= readPolicy(host));
const temperatures = (host: CimHost): HwmonReading[] =>
  host.hwmon().filter(({ kind }) => kind === 'temp');

/** Tells each drive its limit, in millidegrees: it throttles and raises its own alarm there. Those that have none stay as they are. */
function setDriveLimits(host: CimHost, { warningCelsius }: ThermalPolicy): number {
  const drives = temperatures(host).filter(
    ({ chip, channel, limits }) =>
      chip === 'nvme' && channel === 'temp1' && limits.max !== undefined,
  );
  for (const { folder } of drives) host.write(`${folder}/temp1_max`, String(warningCelsius * 1000));
  return drives.length;
}

type Level = 'normal' | 'warning' | 'critical';

/** Once warm, a sensor has to cool below its limit by the hysteresis before it is normal again. */
export function levelOf(reading: HwmonReading, policy: ThermalPolicy, before: Level): Level {
  const { value, alarm } = reading;
  if (value === undefined) return before;
  const slack = (level: Level): number =>
    before === level || before === 'critical' ? policy.hysteresisCelsius : 0;
  if (value >= policy.criticalCelsius - (before === 'critical' ? policy.hysteresisCelsius : 0))
    return 'critical';
  return alarm || value >= policy.warningCelsius - slack('warning') ? 'warning' : 'normal';
}

async function monitor(host: CimHost): Promise<void> {
  const levels = new Map<string, Level>();
  try {
    setDriveLimits(host, policyOf(host));
  } catch (error) {
    // A drive that takes no limit is watched all the same.
    host.indicate(
      'Kestrel_AlertIndication',
      alert(16, 3, `drive limits: ${(error as Error).message}`),
    );
  }
  while (!host.ending) {
    const policy = policyOf(host);
    for (const reading of temperatures(host)) {
      const { id, name } = hwmonSensor(reading, host.systemName);
      const before = levels.get(id) ?? 'normal';
      const level = levelOf(reading, policy, before);
      levels.set(id, level);
      if (level === before) continue;
      const severity = { normal: 2, warning: 3, critical: 6 }[level];
      const cause = level === 'normal' ? 59 : 51;
      const trend = level === 'normal' ? 3 : 2;
      host.indicate('Kestrel_AlertIndication', {
        ...alert(cause, severity, `${name}: ${level} at ${reading.value} C`),
        ...{ SensorID: id, Trending: trend },
      });
    }
    await host.sleep(policy.lookSeconds * 1000);
  }
}

function alert(ProbableCause: number, PerceivedSeverity: number, Message: string): CimInstance {
  const fixed = { AlertType: 6, OwningEntity: 'Kestrel', MessageID: 'KESTREL-THERMAL' };
  return { ...fixed, ProbableCause, PerceivedSeverity, Message };
}

export const provider = defineProvider({
  classes: [
    {
      ...{ name: 'Kestrel_NumericSensor', superclass: 'CIM_NumericSensor', properties: {} },
      description:
        'A sensor of a driver; the thresholds of temperatures are those of the thermal policy',
      enumerate: (host) =>
        host.hwmon().map((reading) => {
          const sensor = hwmonSensor(reading, host.systemName);
          if (reading.kind !== 'temp') return numericSensor(sensor);
          const { warningCelsius: warning, criticalCelsius: critical } = policyOf(host);
          return numericSensor({ ...sensor, upper: { ...sensor.upper, warning, critical } });
        }),
    },
    {
      ...{ name: 'Kestrel_ThermalPolicy', superclass: 'CIM_ManagedElement' },
      description: 'How warm the box may become before somebody is told',
      properties: {
        InstanceID: { type: 'string', key: true },
        WarningCelsius: { type: 'uint8', units: 'degree C' },
        CriticalCelsius: { type: 'uint8', units: 'degree C' },
        HysteresisCelsius: { type: 'uint8', units: 'degree C' },
      },
      enumerate: (host) => {
        const { warningCelsius, criticalCelsius, hysteresisCelsius } = policyOf(host);
        return [
          {
            ...{ InstanceID: 'kestrel:thermal', ElementName: 'Thermal policy' },
            ...{ WarningCelsius: warningCelsius, CriticalCelsius: criticalCelsius },
            HysteresisCelsius: hysteresisCelsius,
          },
        ];
      },
      methods: {
        SetLimits: {
          description: 'Other limits until the next boot, for the drives as well',
          parameters: {
            WarningCelsius: { type: 'uint8', units: 'degree C', required: true },
            CriticalCelsius: { type: 'uint8', units: 'degree C', required: true },
            Drives: {
              type: 'uint32',
              direction: 'out',
              description: 'Drives that have the new limit',
            },
          },
          returns: 'uint32',
          values: { 0: 'Completed' },
          invoke: ({ parameters }, host) => {
            const wanted = {
              ...policyOf(host),
              warningCelsius: Number(parameters.WarningCelsius),
              criticalCelsius: Number(parameters.CriticalCelsius),
            };
            assertPolicy(wanted);
            const Drives = setDriveLimits(host, wanted);
            inForce = wanted;
            return { returnValue: 0, out: { Drives } };
          },
        },
      },
    },
    {
      ...{ name: 'Kestrel_AlertIndication', superclass: 'CIM_AlertIndication' },
      description: 'A temperature has reached a limit of the policy, or is normal again',
      properties: {
        SensorID: { type: 'string', description: 'DeviceID of the Kestrel_NumericSensor' },
      },
    },
  ],
  monitor,
});
