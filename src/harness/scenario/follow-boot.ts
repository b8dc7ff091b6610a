import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import { recoveryTimeoutMs } from '../console/boot-progress.ts';
import { silentBootHint } from '../machine/silent-boot.ts';
import type { WatchedBoot } from './machine-watch.ts';
import { type StepContext, unmet } from './step-context.ts';

/** Where following a boot ends: the system is ready, ill and staying up, nothing can be booted, or a line comes. */
export type Until = 'ready' | 'unhealthy' | 'rescue' | RegExp;

/**
 * Follows the machine from its `first` boot on (its place in `watch.boots`), through every reset and every power cut that was injected, until
 * what is awaited. Returns what it found, in a few words. Throws `scenario.unmet`, when it is sure not to come, too.
 */
export async function followBoot(
  context: StepContext,
  until: Until,
  first: number,
): Promise<string> {
  const { watch, signal, timeoutMs } = context;
  const wait = await watch.until(
    () => reached(context, until, first) ?? over(context, until, first) ?? off(context),
    { timeoutMs, signal },
  );
  const isTimeout = 'without' in wait && wait.without === 'timeout';
  const end = 'found' in wait ? wait.found : isTimeout ? undefined : over(context, until, first, 0);
  if (end === undefined) {
    const since = isTimeout ? `in ${timeoutMs / 1000} s` : 'before nothing more came';
    const hint = isTimeout ? await hintOf(context) : undefined;
    const found = `nothing of it ${since}`;
    throw unmet(untilText(until), hint === undefined ? found : `${found}; ${hint}`);
  }
  if ('failed' in end) throw unmet(untilText(until), end.failed);
  return end.found;
}

/** What the silence of the boot that runs is likely to come from. */
async function hintOf({ machine, watch }: StepContext): Promise<string | undefined> {
  const boot = watch.boots.at(-1);
  if (!boot || boot.outcome !== undefined) return undefined;
  const lines = watch.lines.slice(boot.from);
  // The disk of a rig is only read while it is off.
  if (machine.kind === 'command') return silentBootHint(lines, undefined);
  return machine.withDisk((device) => silentBootHint(lines, device));
}

type End = { readonly found: string } | { readonly failed: string };

function reached({ watch }: StepContext, until: Until, first: number): End | undefined {
  if (until instanceof RegExp) {
    const from = watch.boots[first]?.from ?? watch.lines.length;
    const line = watch.lines.slice(from).find(({ text }) => until.test(text));
    return line && { found: line.text };
  }
  const boot = watch.boots.at(-1);
  if (!boot || watch.boots.length <= first) return undefined;
  if (until === 'unhealthy')
    return watch.illMs() > 0 ? { found: bootText(boot, 'unhealthy') } : undefined;
  const wanted = until === 'ready' ? 'healthy' : 'rescue';
  return boot.outcome === wanted ? { found: bootText(boot, until) } : undefined;
}

/** What is awaited will not come: the machine stays as it is. One that is ill may recover for so long. */
function over(
  { watch }: StepContext,
  until: Until,
  first: number,
  recoverMs = recoveryTimeoutMs,
): End | undefined {
  const boot = watch.boots.at(-1);
  if (!boot || watch.boots.length <= first) return undefined;
  const stays = boot.outcome === 'healthy' || boot.outcome === 'rescue';
  if (stays) return { failed: bootText(boot, boot.outcome === 'healthy' ? 'ready' : 'rescue') };
  if (until !== 'unhealthy' && watch.illMs() > recoverMs) {
    const why = watch.lines.findLast(
      ({ text }) => parseConsoleLine(text)?.type === 'unhealthy',
    )?.text;
    return { failed: why ?? bootText(boot, 'unhealthy') };
  }
  return undefined;
}

/** After a power cut that was injected the power comes back by itself. */
function off({ machine, state }: StepContext): End | undefined {
  const lost = machine.lost();
  if (lost) throw lost;
  return machine.isOn() || state.cutsExpected ? undefined : { failed: 'a machine that went off' };
}

/** `ready: bank 6, 1.1.0-1` */
function bootText({ booted, build }: WatchedBoot, what: string): string {
  if (what === 'rescue') return 'the rescue prompt';
  return `${what}: bank ${booted ?? '?'}, ${build ?? '?'}`;
}

function untilText(until: Until): string {
  if (until instanceof RegExp) return `a console line like ${until}`;
  return {
    ready: 'a ready system',
    unhealthy: 'an unhealthy system',
    rescue: 'the rescue prompt',
  }[until];
}
