const units: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** From how much memory on the kernel keeps some for a dump. */
export interface MemoryRange {
  /** Bytes of memory. */
  readonly from: number;
  /** Bytes that are kept. */
  readonly kept: number;
}

/**
 * The first range of `crashkernel=START-[END]:SIZE,...` or `crashkernel=SIZE` of a kernel's command line (kernel documentation,
 * admin-guide/kdump/kdump). Undefined without the option, or with another form of it.
 */
export function crashMemory(commandLine: string): MemoryRange | undefined {
  const match = /(?:^|\s)crashkernel=(?:(\d+)([KMG]?)-[^:\s]*:)?(\d+)([KMG]?)/.exec(commandLine);
  if (!match) return undefined;
  const [, from = '0', fromUnit = '', kept = '0', keptUnit = ''] = match;
  return { from: bytes(from, fromUnit), kept: bytes(kept, keptUnit) };
}

function bytes(number: string, unit: string): number {
  return Number(number) * (units[unit] ?? 1);
}
