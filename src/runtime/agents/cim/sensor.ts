import type { CimInstance, HwmonReading } from './provider.ts';

/** One number that was measured, with its limits in the same unit. */
export interface Measured {
  readonly id: string;
  readonly name: string;
  readonly kind: HwmonReading['kind'];
  readonly value: number | undefined;
  readonly upper?: {
    readonly warning?: number | undefined;
    readonly critical?: number | undefined;
    readonly fatal?: number | undefined;
  };
  readonly lower?: Measured['upper'];
  readonly alarm?: boolean;
  readonly systemName: string;
}

/** SensorType, BaseUnits and UnitModifier of CIM_NumericSensor for what is measured. */
const kinds: Readonly<
  Record<HwmonReading['kind'], readonly [type: number, unit: number, modifier: number]>
> = {
  temp: [2, 2, -1],
  in: [3, 5, -3],
  curr: [4, 6, -3],
  fan: [5, 19, 0],
  power: [13, 7, -3],
};

export type SensorState =
  | 'Unknown'
  | 'Normal'
  | 'Lower Critical'
  | 'Lower Non-Critical'
  | 'Upper Non-Critical'
  | 'Upper Critical'
  | 'Upper Fatal'
  | 'Lower Fatal'
  | 'Alarm';

/** Where a value lies among its limits. */
export function stateOf({ value, upper = {}, lower = {}, alarm = false }: Measured): SensorState {
  if (value === undefined) return 'Unknown';
  const above = (limit: number | undefined): boolean => limit !== undefined && value >= limit;
  const below = (limit: number | undefined): boolean => limit !== undefined && value <= limit;
  if (above(upper.fatal)) return 'Upper Fatal';
  if (above(upper.critical)) return 'Upper Critical';
  if (below(lower.fatal)) return 'Lower Fatal';
  if (below(lower.critical)) return 'Lower Critical';
  if (above(upper.warning)) return 'Upper Non-Critical';
  if (below(lower.warning)) return 'Lower Non-Critical';
  return alarm ? 'Alarm' : 'Normal';
}

/** The properties of a CIM_NumericSensor for a measured value; keys but CreationClassName included. */
export function numericSensor(
  measured: Measured,
  systemClass = 'Twinbank_ComputerSystem',
): CimInstance {
  const { id, name, kind, value, upper = {}, lower = {}, systemName } = measured;
  const [SensorType, BaseUnits, UnitModifier] = kinds[kind];
  const scaled = (number: number | undefined): number | null =>
    number === undefined ? null : Math.round(number * 10 ** -UnitModifier);
  const state = stateOf(measured);
  const limits = {
    UpperThresholdNonCritical: scaled(upper.warning),
    UpperThresholdCritical: scaled(upper.critical),
    UpperThresholdFatal: scaled(upper.fatal),
    LowerThresholdNonCritical: scaled(lower.warning),
    LowerThresholdCritical: scaled(lower.critical),
    LowerThresholdFatal: scaled(lower.fatal),
  };
  return {
    SystemCreationClassName: systemClass,
    SystemName: systemName,
    DeviceID: id,
    ElementName: name,
    SensorType,
    BaseUnits,
    UnitModifier,
    CurrentReading: scaled(value),
    ...(kind === 'fan' && { RateUnits: 0 }),
    ...Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== null)),
    CurrentState: state,
    ...healthOf(state),
    EnabledState: 2,
  };
}

/** HealthState and OperationalStatus of a CIM_ManagedSystemElement for a sensor's state. */
export function healthOf(state: SensorState): { HealthState: number; OperationalStatus: number[] } {
  if (state === 'Normal') return { HealthState: 5, OperationalStatus: [2] };
  if (state === 'Unknown') return { HealthState: 0, OperationalStatus: [0] };
  if (state.endsWith('Non-Critical')) return { HealthState: 10, OperationalStatus: [3] };
  return { HealthState: state.endsWith('Fatal') ? 30 : 25, OperationalStatus: [6] };
}

/** The same for a reading of hwmon: `max` and `min` warn, `crit` and `lcrit` are critical, `emergency` is fatal. */
export function hwmonSensor(reading: HwmonReading, systemName: string): Measured {
  const { chip, device, channel, kind, label, value, limits, alarm } = reading;
  return {
    id: `${chip}/${device}/${channel}`,
    kind,
    value,
    alarm,
    systemName,
    name: label === channel ? `${chip} ${channel}` : `${chip} ${label}`,
    upper: { warning: limits.max, critical: limits.crit, fatal: limits.emergency },
    lower: { warning: limits.min, critical: limits.lcrit },
  };
}
