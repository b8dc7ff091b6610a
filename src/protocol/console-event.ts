/**
 * What the lines on a machine's console say (docs/boot.md, docs/vmkd.md). `bank` is a partition number, times are
 * seconds since power-on. What may be missing was lost: a serial line that is shared with a kernel, or read too slowly,
 * has noise in its lines.
 */
export type ConsoleEvent =
  // The loader (src/bootloader).
  | { readonly type: 'loader' }
  /** A bank as its boot.cfg has it; `MALFORMED` without more. */
  | {
      readonly type: 'bank';
      readonly bank: number;
      readonly state: string;
      readonly attempts?: number;
      readonly verdict?: string;
      readonly updated?: number;
      readonly build?: string;
    }
  | {
      readonly type: 'marks-written';
      readonly bank: number;
      readonly bootstate: number;
      readonly attempts?: number;
      readonly verdict?: string;
    }
  | { readonly type: 'marks-not-written'; readonly bank: number }
  | { readonly type: 'verifying'; readonly bank: number }
  | { readonly type: 'refused'; readonly bank: number; readonly reason: string }
  | { readonly type: 'booting'; readonly bank: number; readonly build?: string }
  | { readonly type: 'starting-kernel'; readonly bank: number }
  | { readonly type: 'menu' }
  | {
      readonly type: 'menu-entry';
      readonly key: string;
      readonly bank: number;
      readonly about: string;
    }
  | { readonly type: 'menu-keys'; readonly seconds: number }
  | {
      readonly type: 'rollback-question';
      readonly from: number;
      readonly fromBuild?: string;
      readonly to?: number;
      readonly toBuild?: string;
    }
  | { readonly type: 'rollback-refused'; readonly reason: string }
  | { readonly type: 'rescue' }
  | { readonly type: 'rescue-bank'; readonly bank: number; readonly reason: string }
  | { readonly type: 'rescue-keys'; readonly seconds: number }
  // The system: init, then vmkd (src/runtime).
  | {
      readonly type: 'stage';
      readonly stage: string;
      readonly at?: number;
      readonly detail?: string;
    }
  /** `bank` is null where no loader started the system. */
  | {
      readonly type: 'ready';
      readonly build?: string;
      readonly bank?: number | null;
      readonly boot?: number;
    }
  /** The system is up, and was not ready yet when it said what is wrong. */
  | {
      readonly type: 'unhealthy';
      readonly build?: string;
      readonly bank?: number | null;
      readonly boot?: number;
      readonly why?: string;
    }
  /** It was ready, and is ill. */
  | { readonly type: 'fell-ill'; readonly why: string }
  | { readonly type: 'healthy-again' }
  | { readonly type: 'resetting'; readonly why: string }
  /** The loader says no reason. */
  | { readonly type: 'rebooting'; readonly why?: string }
  | { readonly type: 'shutting-down'; readonly why: string }
  /** A line of ours that tells people something. */
  | { readonly type: 'text'; readonly text: string }
  // The kernel.
  | { readonly type: 'panic'; readonly why?: string };

export type ConsoleEventType = ConsoleEvent['type'];

/** What begins each line of ours. */
export const linePrefix = 'twinbank: ';

/**
 * The text of each event, written and read by the same words. `{field}` is a value, `{field?}` one that may be none (`-`).
 * A `|` begins what a reader can do without, blank by blank; `$` means that nothing follows. Of two that begin alike the
 * longer one stands first.
 */
export const lineTexts: Readonly<Record<Exclude<ConsoleEventType, 'text'>, string>> = {
  loader: 'loader$',
  'marks-written': 'bank {bank} set bootstate={bootstate}| attempts={attempts} verdict={verdict}',
  'marks-not-written': 'bank {bank} could not be written',
  refused: 'bank {bank} refused: {reason}',
  bank: 'bank {bank} {state}| attempts={attempts} verdict={verdict} updated={updated} build={build}',
  verifying: 'verifying bank {bank}',
  booting: 'booting bank {bank}| build={build}',
  'starting-kernel': 'starting kernel of bank {bank}',
  'menu-entry': 'menu: {key} boots bank {bank} once: {about}',
  'menu-keys': 'menu: r rolls back, Esc goes on; goes on by itself after {seconds} seconds',
  menu: 'menu$',
  'rollback-question':
    'roll back from bank {from}| build={fromBuild} to bank {to} build={toBuild}: press y, or Esc',
  'rollback-refused': 'rollback refused: {reason}',
  rescue: 'rescue: no bank can be booted',
  'rescue-bank': 'rescue: bank {bank}: {reason}',
  'rescue-keys': 'rescue: r tries again, b reboots; reboots by itself after {seconds} seconds',
  stage: 'stage={stage}| at={at}s {detail}',
  ready: 'ready |build={build} bank={bank?} boot={boot}s',
  unhealthy: 'unhealthy |build={build} bank={bank?} boot={boot}s {why}',
  'fell-ill': 'unhealthy: {why}',
  'healthy-again': 'healthy again',
  resetting: 'resetting: {why}',
  rebooting: 'rebooting|: {why}',
  'shutting-down': 'shutting down: {why}',
  panic: 'Kernel panic - not syncing|: {why}',
};
