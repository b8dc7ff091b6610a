import type { BootMarks } from '../../bootloader/boot-cfg.ts';
import type { JournalEvent, RefusedBank } from '../../bootloader/boot-journal.ts';
import { readExtents } from '../../disk/fat/file-data.ts';
import {
  assertConfirmed,
  type MarkedBank,
  readMarks,
  writeConfirmation,
} from '../../hostcore/confirm.ts';
import {
  bootedEvent,
  bootJudge,
  confirmedText,
  failedTrialText,
  neverConfirmed,
  settleSeconds,
} from '../../hostcore/judge-boot.ts';
import { confirmedDetail, notConfirmedDetail } from '../../protocol/bank-stage.ts';
import type { Outcome } from '../console/boot-progress.ts';
import type { RuntimeStage } from '../console/boot-stage.ts';
import type { RuntimeFault } from '../faults/fault.ts';
import { PowerFailure } from '../faults/medium.ts';
import type { ResetCause, SimBootEvent } from './sim-boot-event.ts';
import type { SimBank } from './sim-disk.ts';

/** How the system that the loader started ended up. */
export interface SimSystemEnd {
  readonly outcome: Extract<Outcome, 'healthy' | 'unhealthy' | 'panic' | 'hang'>;
  /** It stays up; otherwise it was reset. */
  readonly reset?: ResetCause;
}

/** What a system does on its disk beside what decides the next boot; without one nothing of it is done. */
export interface SimHost {
  /** Takes back what an administrator changed; what the stage's line says of it. */
  restore(bank: SimBank): string;
  journal(event: JournalEvent): void;
  /** The boot is over, all but the ready line, which is left to be said by who has saved what is to be saved before. */
  judged(unconfirmed: string | undefined): void;
}

interface SimulatedSystem {
  readonly build: string;
  readonly behaviour?: RuntimeFault | undefined;
  readonly refused?: readonly RefusedBank[];
  readonly host?: SimHost | undefined;
}

const stages: readonly RuntimeStage[] = ['engine', 'drivers', 'state', 'agents', 'network'];

/** What keeps a system that runs from being healthy. */
const faultProblems: Readonly<Partial<Record<RuntimeFault, string>>> = {
  'agent-dead': 'an agent does not answer',
  'no-confirm': 'the fault no-confirm',
};

/**
 * Plays what the system in a bank does after the loader has started it, as far as it matters to the next
 * boot and by the rules that src/runtime has: what panics or hangs is reset, what is ill is judged, a healthy one is confirmed.
 * Where the disk does not keep that, the system is up all the same, and not confirmed.
 */
export function simulateSystem(
  bank: SimBank,
  system: SimulatedSystem,
  emit: (event: SimBootEvent) => void,
): SimSystemEnd {
  const { partition } = bank;
  const { behaviour, build, host } = system;
  const stage = (name: RuntimeStage, detail = 'simulated') =>
    emit({ type: 'stage', stage: name, detail });
  stage('kernel');
  stage('watchdog');
  if (behaviour === 'kernel-panic' || behaviour === 'init-hang') {
    emit({ type: 'fault', partition, fault: behaviour });
    if (behaviour === 'init-hang') return { outcome: 'hang', reset: 'watchdog' };
    emit({ type: 'panic', partition });
    return { outcome: 'panic', reset: 'panic' };
  }
  for (const name of stages) stage(name, name === 'state' ? host?.restore(bank) : undefined);
  const judged = judge(bank, system, emit);
  if (typeof judged === 'object') return judged;
  if (judged !== undefined) stage('bank', notConfirmedDetail(judged));
  if (host) host.judged(judged);
  else emit({ type: 'ready', partition, build });
  return { outcome: 'healthy' };
}

/** How a system that is ill ended up; of another one why it is not confirmed, undefined: it is. */
function judge(
  bank: SimBank,
  system: SimulatedSystem,
  emit: (event: SimBootEvent) => void,
): SimSystemEnd | string | undefined {
  const { partition } = bank;
  const { behaviour, build, refused = [], host } = system;
  const marked = markedBank(bank);
  try {
    const marks = readMarks(marked);
    host?.journal(bootedEvent(marks, { bank: partition, build, refused }));
    const never = neverConfirmed(marks);
    if (never !== undefined) return never;
    const why = behaviour && faultProblems[behaviour];
    if (why !== undefined) return judgeUnhealthy(partition, marks, why, system, emit);
    assertConfirmed(marked, writeConfirmation(marked));
    emit({ type: 'stage', stage: 'bank', detail: confirmedDetail(confirmedText(marks)) });
    return undefined;
  } catch (error) {
    if (error instanceof PowerFailure) throw error;
    return (error as Error).message;
  }
}

/** Looks at a system that stays ill: at once, when that has settled, and when any trial's time is over. */
function judgeUnhealthy(
  partition: number,
  marks: BootMarks,
  why: string,
  { build, host }: SimulatedSystem,
  emit: (event: SimBootEvent) => void,
): SimSystemEnd {
  // What the recipe gives a trial is in a layer, which nobody has mounted.
  const { look } = bootJudge({ marks, trialSeconds: Number.MAX_VALUE, seconds: 0 });
  for (const seconds of [0, settleSeconds + 1, Number.POSITIVE_INFINITY]) {
    const verdict = look(why, seconds);
    if (verdict === 'tell') emit({ type: 'unhealthy', partition, build, reason: why });
    if (verdict !== 'wait') host?.journal({ event: 'unhealthy', bank: partition, why });
    if (verdict !== 'reset') continue;
    emit({ type: 'resetting', partition, reason: failedTrialText(why) });
    return { outcome: 'unhealthy', reset: 'trial-time' };
  }
  return { outcome: 'unhealthy' };
}

/** By the place of boot.cfg that is known, as no mark moves it. */
function markedBank({ device, bootCfg }: SimBank): MarkedBank {
  const extents = () => bootCfg() ?? [];
  return {
    device,
    readBootCfg: () => readExtents(device, extents()),
    bootCfgOffset: () => extents()[0]?.offset ?? 0,
  };
}
