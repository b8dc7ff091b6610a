import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import { stageMarks } from './stage-marks.ts';

/**
 * The stages of a boot, in order, by the names that `power-cut=STAGE` takes with both engines. A stage is
 * reached when the console line is written that says so; what the line tells of has then been done.
 */
export const loaderStages = [
  'loader',
  'scan',
  'dirty',
  'recount',
  'exhausted',
  'mark',
  'verify',
  'condemn',
  'boot',
] as const;
export const runtimeStages = [
  'kernel',
  'watchdog',
  'engine',
  'drivers',
  'state',
  'agents',
  'network',
  'bank',
  'ready',
] as const;
export type LoaderStage = (typeof loaderStages)[number];
export type RuntimeStage = (typeof runtimeStages)[number];
export type BootStage = LoaderStage | RuntimeStage;

export const stageMeanings: Readonly<Record<BootStage, string>> = {
  loader: 'the loader runs, nothing is read yet',
  scan: "the first bank's boot.cfg has been read",
  dirty: 'a trial that was not confirmed has been written INVALID',
  recount: 'the attempts of an exhausted bank have been written 0',
  exhausted: 'verdict B has been written to an exhausted bank',
  mark: 'the trial or the attempt has been written, nothing is verified yet',
  verify: 'the hashes of a bank are being checked',
  condemn: 'verdict H has been written',
  boot: 'the bank is verified, its kernel is not loaded yet',
  kernel: 'the kernel runs',
  watchdog: 'init has armed the watchdogs',
  engine: 'the layers are stacked, the JS engine runs',
  drivers: 'the drivers are loaded',
  state: 'what an administrator changed is restored',
  agents: 'the agents are started',
  network: 'the network has been asked; the boot is not confirmed yet',
  bank: 'the bank has been confirmed, or why not has been said',
  ready: 'the system is ready',
};

export interface ReachedStage {
  readonly stage: BootStage;
  /** Partition number of the bank that the line speaks of; undefined before the first. */
  readonly bank: number | undefined;
}

/**
 * Follows the console of one machine, over any number of boots: tells for each line which stage it ends,
 * if any. The writes of the loader look alike, so the marks of each bank are remembered.
 */
export function stageFollower(): (line: string) => ReachedStage | undefined {
  const marks = stageMarks();
  let running: number | undefined;
  return (line) => {
    const event = parseConsoleLine(line);
    switch (event?.type) {
      case 'loader':
        running = undefined;
        return { stage: 'loader', bank: undefined };
      case 'bank':
      case 'marks-written': {
        const stage = marks(event);
        return stage && { stage, bank: event.bank };
      }
      case 'verifying':
        return { stage: 'verify', bank: event.bank };
      case 'booting':
        running = event.bank;
        return { stage: 'boot', bank: running };
      case 'stage': {
        const stage = runtimeStages.find((one) => one === event.stage);
        return stage && { stage, bank: running };
      }
      case 'ready':
        return { stage: 'ready', bank: running };
      default:
        return undefined;
    }
  };
}
