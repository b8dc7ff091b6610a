/** Whether this is `npm run soak`, which has hours. */
export const soak = process.env.TWINBANK_SOAK !== undefined;

/** Runs of a property: so many in every test run, and a multiple of them in `npm run soak`. */
export function runs(count: number): number {
  return count * Number(process.env.TWINBANK_SOAK ?? 1);
}
