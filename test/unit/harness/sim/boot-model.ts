/**
 * The boot contract once more, written from its text (docs: "Choosing a bank") and not from src/bootloader,
 * in another form: rules that propose one write at a time, applied until one says which bank starts. The
 * tests hold selection and simulator against it.
 */

/** A bank as the contract sees it. */
export interface ModelBank {
  /** bootstate, attempts, verdict as in boot.cfg; undefined: boot.cfg is malformed. */
  marks: { state: number; attempts: number; verdict: string } | undefined;
  updated: number;
  /** Every file matches its hash. */
  right: boolean;
  /** What the loader writes can be read back. */
  writable: boolean;
}

/** By partition number. */
export type ModelHost = Record<number, ModelBank>;

export interface ModelWrite {
  partition: number;
  state: number;
  attempts: number;
  verdict: string;
}

/** structuredClone takes longer than a simulated boot. */
export function copyOf(host: ModelHost): ModelHost {
  return Object.fromEntries(
    Object.entries(host).map(([partition, bank]) => [
      partition,
      { ...bank, marks: bank.marks && { ...bank.marks } },
    ]),
  );
}

const numbers = (host: ModelHost) =>
  Object.keys(host)
    .map(Number)
    .sort((a, b) => a - b);

/**
 * Everything that the loader writes, in order, and which bank it starts. It changes nothing: a write that
 * does not stick is in `failed`.
 */
export function contract(host: ModelHost): {
  writes: ModelWrite[];
  failed: ModelWrite[];
  starts: number | null;
} {
  const now = copyOf(host);
  const writes: ModelWrite[] = [];
  const failed: ModelWrite[] = [];
  const write = (partition: number, change: Partial<ModelWrite>): boolean => {
    const bank = now[partition]!;
    const next = { ...bank.marks!, ...change };
    const { state, attempts, verdict } = next;
    const old = bank.marks!;
    // "only of a value that changes"
    if (old.state === state && old.attempts === attempts && old.verdict === verdict) return true;
    (bank.writable ? writes : failed).push({ partition, state, attempts, verdict });
    if (bank.writable) bank.marks = { state, attempts, verdict };
    return bank.writable;
  };

  // DIRTY -> 3 with T, an H stays H; whatever the write does, it is refused.
  const candidates = numbers(host).filter((number) => {
    const { marks } = now[number]!;
    if (marks?.state === 2) write(number, { state: 3, verdict: marks.verdict === 'H' ? 'H' : 'T' });
    return host[number]!.marks?.state === 0 || host[number]!.marks?.state === 1;
  });
  const worn = (number: number) =>
    now[number]!.marks!.state === 0 && now[number]!.marks!.attempts === 3;
  // Smaller goes first: one number from the three parts of the contract's order.
  const place = (number: number) =>
    (worn(number) ? 1e12 : 0) + (1e9 - now[number]!.updated) * 100 + number;
  const inOrder = () => [...candidates].sort((a, b) => place(a) - place(b));

  if (candidates.length > 0 && candidates.every(worn)) {
    // "the last in order first"
    for (const number of inOrder().reverse()) write(number, { attempts: 0 });
  }
  const line = inOrder();
  if (line.some((number) => !worn(number))) {
    for (const number of line.filter(worn)) write(number, { verdict: 'B' });
  }
  const postponed: number[] = [];
  const tries = function* () {
    for (const number of line) {
      const trial = now[number]!.marks!.state === 1;
      const { attempts } = now[number]!.marks!;
      const kept = write(
        number,
        trial ? { state: 2 } : { attempts: attempts === 3 ? 3 : attempts + 1 },
      );
      if (kept) yield number;
      else if (!trial) postponed.push(number);
    }
    yield* postponed;
  };
  for (const number of tries()) {
    if (now[number]!.right) return { writes, failed, starts: number };
    write(number, { verdict: 'H' });
  }
  return { writes, failed, starts: null };
}

/** The host after the first `count` of these writes. */
export function after(
  host: ModelHost,
  writes: readonly ModelWrite[],
  count = writes.length,
): ModelHost {
  const now = copyOf(host);
  for (const { partition, ...marks } of writes.slice(0, count)) now[partition]!.marks = marks;
  return now;
}

/** Confirming writes 0, 0 and `-`, only to a bank found in 0 or 2. */
export function confirmed(host: ModelHost, partition: number): ModelHost {
  const { marks } = host[partition]!;
  if (marks?.state !== 0 && marks?.state !== 2) return host;
  return after(host, [{ partition, state: 0, attempts: 0, verdict: '-' }]);
}

/** VALID and right, with a boot.cfg that can be written: enough for the host to come up by itself. */
export function intact({ marks, right, writable }: ModelBank): boolean {
  return marks?.state === 0 && right && writable;
}
