import { expect } from 'vitest';
import type { ApplyOptions } from '../../../src/update/apply.ts';
import { builds, bundleOf } from './cut-builds.ts';
import type { Cut } from './cut-cases.ts';
import { type CutDisk, cutDisk } from './cut-disk.ts';
import { cutHost, targetBank } from './cut-host.ts';
import { newJudge } from './cut-judge.ts';
import { type Recording, recordUpdate } from './cut-recording.ts';
import type { Scenario } from './cut-scenarios.ts';

/** An update that is about to be cut short, and what can be said of it. */
export interface Stage {
  readonly scenario: Scenario;
  readonly bundle: Buffer;
  readonly options: ApplyOptions;
  /** Before the update. */
  readonly disk: CutDisk;
  readonly recording: Recording;
  /** How often each build was booted. */
  readonly booted: Map<string, number>;
  /** Boots the disk as it is, and fails where this cut has left what it must not leave. */
  readonly judge: (cut: Cut) => void;
  /** Fails unless one of these builds boots, whole; tells which. The store may have been broken by its medium. */
  expectBoot(what: string, allowed: readonly string[], store?: 'whole' | 'broken'): string;
}

/** Makes the host of a scenario and records its update. */
export async function stage(scenario: Scenario): Promise<Stage> {
  const { damage, running } = scenario;
  const host = cutHost(scenario.host);
  if (damage) host.edit(targetBank, (_volume, device) => damage(device));
  const { current, next } = builds;
  // The OEM is carried over from the bank that is kept.
  const base = { ...next, manifests: next.manifests.slice(0, 1) };
  const bundle = await bundleOf(base, scenario.bundle === 'relative' ? current : undefined);
  const options = running === undefined ? {} : { running };
  const disk = cutDisk(host);
  const recording = await recordUpdate(disk, bundle, options);
  const boot = newJudge();
  const booted = new Map<string, number>();
  const expectBoot: Stage['expectBoot'] = (what, allowed, store = 'whole') => {
    const found = boot(disk);
    booted.set(found.build, (booted.get(found.build) ?? 0) + 1);
    const wrong = [...found.problems, ...found.refused.map((why) => `refused: ${why}`)];
    if (store === 'whole') wrong.push(...found.store);
    const isInitial = found.build === scenario.initial;
    if (!found.confirmed && !(scenario.neverKept && isInitial)) wrong.push('it is not confirmed');
    if (!allowed.includes(found.build)) {
      wrong.push(`expected ${allowed.join(' or ')} to boot, found ${found.build}`);
    }
    if (!found.state || Buffer.compare(found.state, host.state) !== 0) {
      wrong.push('it does not start from what was saved');
    }
    if (wrong.length > 0) expect.fail(`over ${scenario.name}, ${what}: ${wrong.join('; ')}`);
    return found.build;
  };
  return {
    ...{ scenario, bundle, options, disk, recording, booted, expectBoot },
    judge: (cut) => void expectBoot(cut.what, allowedAt(recording, cut, scenario.initial)),
  };
}

/** What may boot after a cut of an update before which `initial` booted; mostly there is one answer. */
export function allowedAt(
  { firstOfTarget, activation, steps }: Recording,
  { done, begun }: Cut,
  initial: string,
): string[] {
  if (begun <= firstOfTarget) return [initial];
  const [, , filling = 0] = steps;
  const allowed = new Set<string>();
  // Its bank is not taken out of use for sure.
  if (done < filling) allowed.add(initial);
  if (done <= activation) allowed.add(builds.current.name);
  if (begun > activation) allowed.add(builds.next.name);
  return [...allowed];
}
