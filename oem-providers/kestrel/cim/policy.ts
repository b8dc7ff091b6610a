import { CimError, type CimHost } from 'twinbank/cim';

/** How warm the box may become; degrees Celsius. */
export interface ThermalPolicy {
  readonly warningCelsius: number;
  readonly criticalCelsius: number;
  /** So much cooler it has to be before an alert is over. */
  readonly hysteresisCelsius: number;
  readonly lookSeconds: number;
}

const file = '/usr/share/kestrel/thermal.json';

/** Where the image says nothing, or nothing that can be read. */
const fallback: ThermalPolicy = {
  ...{ warningCelsius: 65, criticalCelsius: 80, hysteresisCelsius: 5, lookSeconds: 5 },
};

/** The policy of the image. */
export function readPolicy(host: CimHost): ThermalPolicy {
  try {
    const { warningCelsius, criticalCelsius, hysteresisCelsius, lookSeconds } = {
      ...fallback,
      ...JSON.parse(host.read(file) ?? '{}'),
    };
    const policy = { warningCelsius, criticalCelsius, hysteresisCelsius, lookSeconds };
    assertPolicy(policy);
    return policy;
  } catch {
    return fallback;
  }
}

/** Throws CimError `invalid-parameter` for limits that the hardware does not have, or in another order. */
export function assertPolicy(policy: ThermalPolicy): void {
  const {
    warningCelsius: warning,
    criticalCelsius: critical,
    hysteresisCelsius,
    lookSeconds,
  } = policy;
  const right =
    Number.isInteger(warning) && Number.isInteger(critical) && warning >= 20 && critical <= 100;
  if (!right || warning >= critical || !(hysteresisCelsius >= 1) || !(lookSeconds >= 1)) {
    const message = `expected whole degrees from 20 to 100, warning below critical, found ${warning} and ${critical}`;
    throw new CimError('invalid-parameter', message);
  }
}
