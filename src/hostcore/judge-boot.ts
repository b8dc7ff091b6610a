import type { BootMarks } from '../bootloader/boot-cfg.ts';
import type { JournalEvent, RefusedBank } from '../bootloader/boot-journal.ts';
import { stateNames } from '../bootloader/rules.ts';

/**
 * What becomes of a boot, by what is wrong with the system each time that somebody looks:
 *
 *     looks ── nothing is wrong ──────────────────────────> confirm
 *       │ ── a trial, its time is over ───────────────────> reset, the loader falls back
 *       └─── the same is wrong for 3 s ── tell it once ───> looks again
 *
 * A bank that was VALID is looked at for as long as it runs. One that was INVALID is never confirmed, however healthy
 * ({@link neverConfirmed}).
 */
export interface BootJudge {
  /** `why` is what is wrong now, '' for nothing; `seconds` are those since the start of the kernel. */
  look(why: string, seconds: number): 'confirm' | 'reset' | 'tell' | 'wait';
}

export interface JudgedBoot {
  /** As the loader had left them. */
  readonly marks: BootMarks;
  /** How long after the start of the kernel a trial is reset. */
  readonly trialSeconds: number;
  /** When the first look is taken. */
  readonly seconds: number;
}

/** What is over so soon is not told: programs need a moment before it shows whether they run. */
export const settleSeconds = 3;

export function bootJudge({ marks, trialSeconds, seconds }: JudgedBoot): BootJudge {
  const state = { since: seconds, before: '', lastReported: '' };
  return {
    look(why, now) {
      if (why === '') return 'confirm';
      if (isTrial(marks) && now > trialSeconds) return 'reset';
      if (why !== state.before) state.since = now;
      state.before = why;
      if (why === state.lastReported || now - state.since <= settleSeconds) return 'wait';
      state.lastReported = why;
      return 'tell';
    },
  };
}

/** A boot that has one try: the loader found the bank UPGRADING, and has marked it DIRTY. */
export function isTrial({ bootstate }: BootMarks): boolean {
  return bootstate === '2';
}

/** Why a boot cannot be confirmed, whatever its health; undefined where it can. */
export function neverConfirmed({ bootstate }: BootMarks): string | undefined {
  return bootstate === '3' ? 'it was INVALID and booted by a person, once' : undefined;
}

/** The journal's record of a boot: in which state the loader had found the bank. */
export function bootedEvent(
  marks: BootMarks,
  boot: { readonly bank: number; readonly build: string; readonly refused: readonly RefusedBank[] },
): JournalEvent {
  const state = isTrial(marks) ? 'UPGRADING' : stateNames[marks.bootstate];
  const { bank, build, refused } = boot;
  return { event: 'booted', bank, build, state, attempts: marks.attempts, refused };
}

/** The journal's record of a boot that is over; `why` is why it is not confirmed, undefined: it is. */
export function readyEvent(
  bank: number,
  why: string | undefined,
  stages: Readonly<Record<string, number>>,
): JournalEvent {
  if (why === undefined) return { event: 'ready', bank, confirmed: true, stages };
  return { event: 'ready', bank, confirmed: false, why, stages };
}

/** Why a trial is reset; without `trialSeconds` where nobody knows how long it had. */
export function failedTrialText(why: string, trialSeconds?: number): string {
  return `trial not healthy in ${trialSeconds === undefined ? 'its time' : `${trialSeconds} s`}: ${why}`;
}

/** What the line of the stage says of a bank that was confirmed. */
export function confirmedText(marks: BootMarks): string {
  return `was ${isTrial(marks) ? 'a trial' : `${stateNames[marks.bootstate]} attempts=${marks.attempts}`}`;
}
