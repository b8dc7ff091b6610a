import { planConfirm } from '../../bootloader/bank-actions.ts';
import type { BootCfgReading } from '../../bootloader/boot-cfg.ts';
import type { JournalEvent, RefusedBank } from '../../bootloader/boot-journal.ts';
import { stateLabel, stateNames } from '../../bootloader/rules.ts';
import { writeMarks } from '../../bootloader/write-marks.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { RuntimeStage } from '../console/boot-stage.ts';
import type { Outcome } from '../console/judge.ts';
import type { RuntimeFault } from '../faults/fault.ts';
import type { BootEvent, ResetCause } from './boot-event.ts';
import type { SimulatedBank } from './sim-banks.ts';

/** How the system that the loader started ended up. */
export interface RuntimeEnd {
  readonly outcome: Extract<Outcome, 'healthy' | 'unhealthy' | 'panic' | 'hang'>;
  /** It stays up; otherwise it was reset. */
  readonly reset?: ResetCause;
}

/** What a system does on its disk beside what decides the next boot; without one nothing of it is done. */
export interface RunningHost {
  /** Takes back what an administrator changed; what the stage's line says of it. */
  restore(bank: SimulatedBank): string;
  journal(event: JournalEvent): void;
}

const stages: readonly RuntimeStage[] = ['engine', 'drivers', 'state', 'agents', 'network'];

/** What keeps a system that runs from being healthy. */
const illnesses: Readonly<Partial<Record<RuntimeFault, string>>> = {
  'agent-dead': 'an agent does not answer',
  'no-confirm': 'the fault no-confirm',
};

/**
 * Plays what the system in a bank does after the loader has started it, as far as it matters to the next
 * boot and as src/runtime does it: what panics or hangs is reset; a trial that is not healthy is reset after
 * its time; a VALID bank that is not stays up and says so; a healthy one is confirmed. Where the disk does
 * not keep that, the system is up all the same, and not confirmed. With a host the ready line is left to be
 * said by who has saved what is to be saved before.
 */
export function runSystem(
  bank: SimulatedBank,
  system: {
    readonly build: string;
    readonly behaviour?: RuntimeFault | undefined;
    readonly refused?: readonly RefusedBank[];
    readonly host?: RunningHost | undefined;
  },
  say: (event: BootEvent) => void,
): RuntimeEnd {
  const { partition } = bank;
  const { behaviour, build, refused = [], host } = system;
  const stage = (name: RuntimeStage, detail = 'simulated') =>
    say({ type: 'stage', stage: name, detail });
  stage('kernel');
  stage('watchdog');
  if (behaviour === 'kernel-panic' || behaviour === 'init-hang') {
    say({ type: 'fault', partition, fault: behaviour });
    if (behaviour === 'init-hang') return { outcome: 'hang', reset: 'watchdog' };
    say({ type: 'panic', partition });
    return { outcome: 'panic', reset: 'panic' };
  }
  for (const name of stages) stage(name, name === 'state' ? host?.restore(bank) : undefined);
  const bootCfg = bank.readBootCfg();
  if (bootCfg.ok) {
    const { bootstate, attempts } = bootCfg.cfg;
    // A trial is one that was UPGRADING when the loader found it.
    const state = bootstate === '2' ? 'UPGRADING' : stateNames[bootstate];
    host?.journal({ event: 'booted', bank: partition, build, state, attempts, refused });
  }
  const reason = behaviour && illnesses[behaviour];
  if (reason !== undefined) {
    host?.journal({ event: 'unhealthy', bank: partition, why: reason });
    const trial = bootCfg.ok && bootCfg.cfg.bootstate === '2';
    if (trial) {
      say({ type: 'resetting', partition, reason: `trial not healthy in its time: ${reason}` });
      return { outcome: 'unhealthy', reset: 'trial-time' };
    }
    say({ type: 'unhealthy', partition, build, reason });
    return { outcome: 'unhealthy' };
  }
  const detail = confirm(bank, bootCfg);
  say({ type: 'stage', stage: 'bank', detail });
  if (!host) say({ type: 'ready', partition, build });
  return { outcome: 'healthy' };
}

/** Confirms the running bank, with the functions that the running system has; what became of it. */
function confirm(
  { partition, device, bootCfg: place }: SimulatedBank,
  bootCfg: BootCfgReading,
): string {
  try {
    const context = { running: partition, verify: () => undefined };
    const { marks } = planConfirm([{ partition, bootCfg }], context, partition);
    const [first] = place() ?? [];
    writeMarks(device, marks, first);
  } catch (error) {
    if (!(error instanceof TwinbankError)) throw error;
    return `not confirmed: ${error.message}`;
  }
  const found = bootCfg.ok ? bootCfg.cfg : undefined;
  const was =
    found?.bootstate === '2'
      ? 'a trial'
      : `${stateLabel(found?.bootstate)} attempts=${found?.attempts}`;
  return `confirmed, was ${was}`;
}
