import { TwinbankError } from '../../diagnostics/error.ts';
import { asObject } from '../../protocol/json-lines.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import { noShutdown } from '../console/boot-error.ts';
import type { ConsoleLine } from '../console/console-log.ts';
import type { MachineOptions } from '../qemu/machine.ts';
import { type QemuMachine, startQemu } from '../qemu/qemu.ts';
import { notRunning } from '../qemu/qemu-complaint.ts';
import { type Forward, openForwards } from './forwards.ts';
import { type HostEnd, type LiveStory, liveStory, type RunningSystem } from './live-story.ts';
import { followTurns, type NextTurn, orTimeout, type Turn } from './live-turns.ts';
import { openVmkdSocket, type VmkdSocket } from './vmkd-socket.ts';

export interface LiveHostOptions {
  readonly machine: MachineOptions;
  readonly forwards: readonly Forward[];
  /** crypt(5). */
  readonly rootPasswordHash?: string;
  /** From power-on, and from each further start, to the ready line; undefined: somebody watches, and ends it. */
  readonly readyTimeoutMs?: number;
  /** A reboot and a reset end it; otherwise the machine starts again, through firmware and loader. */
  readonly untilReboot?: boolean;
  /** Ends it in order. */
  readonly stop: AbortSignal;
  /** Ends it at once. */
  readonly kill: AbortSignal;
  /** Called once, when the machine runs. */
  onMachine(machine: QemuMachine): void;
  /** Called once, when the host is ready, has its password and answers. */
  onReady(host: ReadyHost): Promise<void> | void;
  /** Called where the machine starts again after that. */
  onReboot?(): void;
  /** Called where it is ready after such a start. */
  onReadyAgain?(system: RunningSystem): void;
}

export interface ReadyHost extends RunningSystem {
  /** Path of a Unix socket that speaks vmkd's protocol to many clients at once. */
  readonly vmkd: string;
  readonly forwards: readonly Forward[];
  /** Why the password lasts only until the next boot. */
  readonly unsaved?: string;
}

export interface LiveHostEnd extends HostEnd {
  readonly lines: readonly ConsoleLine[];
  /** Starts of the machine: one, and one more for each reboot and reset. */
  readonly boots: number;
  readonly wasReady: boolean;
  /** It did not end in order when it was asked to. */
  readonly failure?: TwinbankError;
}

/**
 * Boots a host and keeps it up until it ends by itself or somebody ends it. Throws as `startQemu` does, `harness.forward`, what vmkd
 * answers to the password, and the reason of `stop` or `kill` where that comes before the machine runs.
 */
export async function runLiveHost(options: LiveHostOptions): Promise<LiveHostEnd> {
  // 1. The machine, and the ports by which it is reached.
  const machine = await startMachine(options);
  const story = liveStory();
  const { next, forget } = followTurns(machine, story, options);
  let socket: VmkdSocket | undefined;
  try {
    options.onMachine(machine);
    const forwards = await unlessEnded(openForwards(machine.qmp, options.forwards), next);

    // 2. The host is ready, unless it ends first or takes too long.
    let last = await next('ready', 'ended', 'stop', 'timeout');

    // 3. Root has a password, vmkd answers whoever asks, and whoever waits is told.
    if (last === 'ready' && forwards) {
      socket = await openVmkdSocket(machine);
      const told = unlessEnded(tellReady(socket, forwards, options), next);
      // Nobody waits for it any more where the host ends meanwhile.
      told.catch(() => {});
      last = (await Promise.race([told, next('ended', 'stop')])) ?? 'ended';
    }

    // 4. It stays up, over its reboots.
    if (last === 'ready') last = await next('ended', 'stop', 'timeout');

    // 5. Its end: its own, or one that was asked for.
    const failure = last === 'stop' ? await endInOrder(machine, story, next) : undefined;
    if (last === 'timeout' || failure) await machine.stop();
    const { reason, errors } = await machine.ended;
    const killed = reason === 'host-signal';
    if (killed && last === 'ended' && !options.kill.aborted) throw notRunning(errors);
    return {
      ...story.end(reason, killed),
      lines: machine.console.lines,
      boots: story.boots(),
      wasReady: story.wasReady(),
      ...(failure && { failure }),
    };
  } finally {
    forget();
    await machine.stop();
    await socket?.close();
  }
}

/** So long after its connections a machine itself is gone. */
const goneMs = 2_000;

/** What comes of asking a machine; undefined where it has ended meanwhile, which is no failure of whoever asked. */
async function unlessEnded<T>(work: Promise<T>, next: NextTurn): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((await orTimeout(next('ended'), goneMs)) === undefined) throw error;
    return undefined;
  }
}

/** While QEMU starts there is nothing that could end in order. */
async function startMachine({
  machine,
  untilReboot = false,
  stop,
  kill,
}: LiveHostOptions): Promise<QemuMachine> {
  const onReboot = untilReboot ? [] : ['-action', 'reboot=reset'];
  const end = new AbortController();
  const byStop = (): void => end.abort(stop.reason);
  if (stop.aborted) byStop();
  stop.addEventListener('abort', byStop, { once: true });
  kill.addEventListener('abort', () => end.abort(kill.reason), { once: true });
  try {
    return await startQemu({ ...machine, extra: [...machine.extra, ...onReboot] }, end.signal);
  } finally {
    stop.removeEventListener('abort', byStop);
  }
}

async function tellReady(
  { client, path }: VmkdSocket,
  forwards: readonly Forward[],
  { rootPasswordHash, onReady }: LiveHostOptions,
): Promise<'ready'> {
  const { build, bank } = asObject(await client.call('status')) ?? {};
  const unsaved =
    rootPasswordHash === undefined ? undefined : await setPassword(client, rootPasswordHash);
  await onReady({
    build: typeof build === 'string' ? build : 'unknown',
    bank: typeof bank === 'number' ? bank : null,
    vmkd: path,
    forwards,
    ...(unsaved !== undefined && { unsaved }),
  });
  return 'ready';
}

/** Sets root's password; returns why it lasts only until the next boot. Throws `run.password` and what vmkd answers. */
async function setPassword(client: RpcClient, rootPasswordHash: string) {
  const answer = asObject(await client.call('config.set', { rootPasswordHash }, 60_000)) ?? {};
  const { saved, why, failed } = answer;
  if (Array.isArray(failed) && failed.length > 0) {
    const message = `root's password: expected the host to take it, found ${failed.join('; ')}`;
    throw new TwinbankError('boot', 'run.password', message);
  }
  return saved === true ? undefined : String(why ?? 'the host does not say why');
}

const endTimeoutMs = 60_000;
/** A press that comes while vmkd just begins to listen is heard by nobody. */
const pressAgainMs = 5_000;

/**
 * Presses the power button and waits for the end, or pulls the plug where nothing runs yet, also after a reset meanwhile; returns the error of
 * one that does not end.
 */
async function endInOrder(
  machine: QemuMachine,
  story: LiveStory,
  next: NextTurn,
): Promise<TwinbankError | undefined> {
  const deadline = performance.now() + endTimeoutMs;
  const before = (ms: number): Promise<Turn | undefined> =>
    orTimeout(next('ended'), Math.min(ms, deadline - performance.now()));
  if (story.isUp()) await orTimeout(next('button', 'ended'), endTimeoutMs);
  while (performance.now() < deadline) {
    if (!story.isUp()) {
      await machine.stop();
      return undefined;
    }
    // One that has just ended takes no orders.
    await machine.qmp.call('system_powerdown').catch(() => {});
    if ((await before(pressAgainMs)) === 'ended') return undefined;
  }
  return noShutdown(machine.console.lines);
}
