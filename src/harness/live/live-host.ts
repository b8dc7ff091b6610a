import { TwinbankError } from '../../diagnostics/error.ts';
import { asObject } from '../../protocol/json-lines.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import { noShutdown } from '../console/boot-error.ts';
import type { ConsoleLine } from '../console/console-log.ts';
import type { MachineOptions } from '../qemu/machine.ts';
import { type QemuMachine, startQemu } from '../qemu/qemu.ts';
import { notRunning } from '../qemu/qemu-complaint.ts';
import { type Forward, openForwards } from './forwards.ts';
import { type HostEnd, type LiveStory, liveStory } from './live-story.ts';
import { openVmkdSocket, type VmkdSocket } from './vmkd-socket.ts';

export interface LiveHostOptions {
  readonly machine: MachineOptions;
  readonly forwards: readonly Forward[];
  /** crypt(5). */
  readonly rootPasswordHash?: string;
  /** From power-on to the ready line; undefined: somebody watches, and ends it. */
  readonly readyTimeoutMs?: number;
  /** Ends it in order. */
  readonly stop: AbortSignal;
  /** Ends it at once. */
  readonly kill: AbortSignal;
  /** Called once, when the machine runs. */
  onMachine(machine: QemuMachine): void;
  /** Called once, when the host is ready, has its password and answers. */
  onReady(host: ReadyHost): Promise<void> | void;
}

export interface ReadyHost {
  /** `version-build` of the bank that runs. */
  readonly build: string;
  readonly bank: number | null;
  /** Path of a Unix socket that speaks vmkd's protocol to many clients at once. */
  readonly vmkd: string;
  readonly forwards: readonly Forward[];
  /** Why the password lasts only until the next boot. */
  readonly unsaved?: string;
}

export interface LiveHostEnd extends HostEnd {
  readonly lines: readonly ConsoleLine[];
  readonly wasReady: boolean;
  /** It did not end in order when it was asked to. */
  readonly failure?: TwinbankError;
}

/** What a host's life comes to; each happens once. */
type Turn = 'button' | 'ready' | 'ended' | 'stop' | 'timeout';

/** Waits for one of some turns; those that have come stay, and the first that is named counts. */
type NextTurn = (...wanted: readonly Turn[]) => Promise<Turn>;

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

    // 4. It stays up.
    if (last === 'ready') last = await next('ended', 'stop');

    // 5. Its end: its own, or one that was asked for.
    const failure = last === 'stop' ? await endInOrder(machine, story, next) : undefined;
    if (last === 'timeout' || failure) await machine.stop();
    const { reason, errors } = await machine.ended;
    const killed = reason === 'host-signal';
    if (killed && last === 'ended' && !options.kill.aborted) throw notRunning(errors);
    return {
      ...story.end(reason, killed),
      ...{ lines: machine.console.lines, wasReady: story.isReady() },
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
async function startMachine({ machine, stop, kill }: LiveHostOptions): Promise<QemuMachine> {
  const end = new AbortController();
  const byStop = (): void => end.abort(stop.reason);
  if (stop.aborted) byStop();
  stop.addEventListener('abort', byStop, { once: true });
  kill.addEventListener('abort', () => end.abort(kill.reason), { once: true });
  try {
    return await startQemu(machine, end.signal);
  } finally {
    stop.removeEventListener('abort', byStop);
  }
}

function followTurns(
  machine: QemuMachine,
  story: LiveStory,
  { stop, readyTimeoutMs }: LiveHostOptions,
): { readonly next: NextTurn; forget(): void } {
  const come = new Set<Turn>();
  const waiting = new Set<() => void>();
  const happen = (turn: Turn): void => {
    if (come.has(turn)) return;
    come.add(turn);
    for (const look of [...waiting]) look();
  };
  machine.console.onEveryLine(({ text }) => {
    story.see(text);
    if (story.hearsButton()) happen('button');
    if (story.isReady()) happen('ready');
    // Minutes later it would reset itself; who watches may press a key.
    if (story.isAtRescue() && readyTimeoutMs !== undefined) happen('timeout');
  });
  void machine.ended.then(() => happen('ended'));
  const onStop = (): void => happen('stop');
  if (stop.aborted) onStop();
  stop.addEventListener('abort', onStop, { once: true });
  const timer =
    readyTimeoutMs === undefined ? undefined : setTimeout(() => happen('timeout'), readyTimeoutMs);
  return {
    next: (...wanted) =>
      new Promise((resolve) => {
        const look = (): void => {
          const first = wanted.find((one) => come.has(one));
          if (first === undefined) return;
          waiting.delete(look);
          resolve(first);
        };
        waiting.add(look);
        look();
      }),
    forget() {
      clearTimeout(timer);
      stop.removeEventListener('abort', onStop);
    },
  };
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

/** Presses the power button and waits for the end, or pulls the plug where nothing runs yet; returns the error of one that does not end. */
async function endInOrder(
  machine: QemuMachine,
  story: LiveStory,
  next: NextTurn,
): Promise<TwinbankError | undefined> {
  if (!story.isUp()) {
    await machine.stop();
    return undefined;
  }
  const deadline = performance.now() + endTimeoutMs;
  const before = (ms: number): Promise<Turn | undefined> =>
    orTimeout(next('ended'), Math.min(ms, deadline - performance.now()));
  await orTimeout(next('button', 'ended'), endTimeoutMs);
  while (performance.now() < deadline) {
    // One that has just ended takes no orders.
    await machine.qmp.call('system_powerdown').catch(() => {});
    if ((await before(pressAgainMs)) === 'ended') return undefined;
  }
  return noShutdown(machine.console.lines);
}

/** What a promise gives, or undefined once the time is over. */
async function orTimeout<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms), undefined);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
