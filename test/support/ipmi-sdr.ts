/** A sensor of a simulated management controller: QEMU's has the raw reading 0, which `value` makes a number of. */
export interface SdrSensor {
  readonly name: string;
  /** IPMI 2.0 table 42-3: 1 temperature, 2 voltage, 4 fan, 8 power supply. */
  readonly type: number;
  /** Table 43-15: 1 degrees C, 4 volts, 6 watts, 18 RPM. */
  readonly unit: number;
  /** B * 10^exponent is what a raw reading of 0 means. */
  readonly value: readonly [b: number, exponent: number];
}

/**
 * The repository that QEMU's ipmi-bmc-sim reads (`sdrfile=`). QEMU has the sensors of compact records only, and only full
 * ones say what a number means: so each sensor has both.
 */
export function sdrFile(sensors: readonly SdrSensor[]): Uint8Array {
  const records = sensors.flatMap(({ name, type, unit, value: [b, exponent] }, index) => {
    // Owner 20h (the controller), entity 7 (system board); initialised and scanning; thresholds; masks of zeros.
    const common = [0x20, 0, index + 1, 7, 1, 0x7f, 0x40, type, 0x01, 0, 0, 0, 0, 0, 0];
    // IPMI 2.0 table 43-1, from byte 21: unsigned, the unit, linear, M = 1, B and its exponent, the rest zeros.
    const number = [0, unit, 0, 0, 1, 0, b & 0xff, (b >> 8) << 6, 0, exponent & 0x0f];
    const full = [...common, ...number, ...new Array<number>(17).fill(0)];
    // Table 43-2: no analog reading, not shared.
    const compact = [...common, 0xc0, unit, ...new Array<number>(9).fill(0)];
    return [
      { type: 1, body: full, name },
      { type: 2, body: compact, name },
    ];
  });
  return Buffer.concat(
    records.map(({ type, body, name }, index) => {
      const text = Buffer.from(name, 'latin1');
      const rest = Buffer.from([...body, 0xc0 | text.length, ...text]);
      return Buffer.concat([Buffer.from([index + 1, 0, 0x51, type, rest.length]), rest]);
    }),
  );
}
