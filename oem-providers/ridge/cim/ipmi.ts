import type { CimHost } from 'twinbank/cim';
import type { Measured } from 'twinbank/cim/sensor';

/** A row of FreeIPMI's ipmi-sensors. */
export interface IpmiSensor {
  readonly id: string;
  readonly name: string;
  /** FreeIPMI's name of the sensor type (IPMI 2.0, table 42-3): `Temperature`, `Fan`, `Power Supply`, ... */
  readonly type: string;
  readonly state: 'Nominal' | 'Warning' | 'Critical' | 'N/A';
  /** In `units`; undefined for a sensor without a number. */
  readonly reading: number | undefined;
  readonly units: string;
  readonly thresholds: Pick<Measured, 'upper' | 'lower'>;
  readonly events: readonly string[];
}

const words = [
  '--driver-type=openipmi',
  '--sdr-cache-directory=/tmp',
  '--quiet-cache',
  '--sdr-cache-recreate',
  '--comma-separated-output',
  '--no-header-output',
  '--output-sensor-state',
  '--output-sensor-thresholds',
  '--ignore-not-available-sensors',
];

/** All sensors of the management controller; none where the host has no controller. */
export async function readIpmi(host: CimHost): Promise<IpmiSensor[]> {
  if (host.read('/sys/class/ipmi/ipmi0/dev') === undefined) return [];
  // A controller is slow: each sensor takes some milliseconds, its whole repository seconds.
  // FreeIPMI looks whether it is root before it looks whether it may use the device.
  return parseIpmi(await host.run('ipmi-sensors', words, { timeoutMs: 15_000, asRoot: true }));
}

/** What ipmi-sensors prints with the words above, a sensor a line; lines that are none are passed over. */
export function parseIpmi(text: string): IpmiSensor[] {
  return text.split('\n').flatMap((line): IpmiSensor[] => {
    const [id = '', name = '', type = '', state = '', reading = '', units = '', ...rest] =
      line.split(',');
    if (!/^\d+$/.test(id) || rest.length < 7) return [];
    const [lowerFatal, lowerCritical, lowerWarning, warning, critical, fatal] = rest.map(numberOf);
    return [
      {
        ...{ id, name, type, units: units === 'N/A' ? '' : units, reading: numberOf(reading) },
        state: state === 'Nominal' || state === 'Warning' || state === 'Critical' ? state : 'N/A',
        thresholds: {
          upper: { warning, critical, fatal },
          lower: { warning: lowerWarning, critical: lowerCritical, fatal: lowerFatal },
        },
        events: [
          ...rest
            .slice(6)
            .join(',')
            .matchAll(/'([^']+)'/g),
        ].map(([, event = '']) => event),
      },
    ];
  });
}

const kinds: Readonly<Record<string, Measured['kind']>> = {
  C: 'temp',
  RPM: 'fan',
  V: 'in',
  A: 'curr',
  W: 'power',
};

/** The sensor as a measured value; undefined where it has no number, or one of an unknown unit. */
export function measuredOf(sensor: IpmiSensor, systemName: string): Measured | undefined {
  const kind = kinds[sensor.units];
  if (kind === undefined) return undefined;
  return {
    ...{ id: `ipmi/${sensor.id}`, name: sensor.name, kind, value: sensor.reading, systemName },
    ...sensor.thresholds,
    alarm: sensor.state === 'Warning' || sensor.state === 'Critical',
  };
}

function numberOf(text: string): number | undefined {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
