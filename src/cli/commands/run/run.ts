import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { TwinbankError } from '../../../diagnostics/error.ts';
import { parseAddedDisks, withAddedDisks } from '../../../harness/live/added-disks.ts';
import { assertForwardable, parseForwards } from '../../../harness/live/forwards.ts';
import { type LiveHostEnd, runLiveHost } from '../../../harness/live/live-host.ts';
import { defaultMachine } from '../../../harness/qemu/machine.ts';
import type { QemuMachine } from '../../../harness/qemu/qemu.ts';
import { cryptSalt, sha512Crypt } from '../../../state/password-hash.ts';
import { type Context, defineCommand, type Result } from '../../command.ts';
import { type MachineDisk, withMachineDisk } from '../../machine-disk.ts';
import { hardwareOf, machineFlags } from '../../machine-flags.ts';
import { givenHostPassword, hostPasswordOption } from '../../secrets/host-password.ts';
import { keyHelp } from './console-keys.ts';
import { endFailure, endJson, endText, readyTeller, rebootTellers } from './run-report.ts';
import { hasTerminal, openTerminal } from './terminal.ts';

/** Emulated, on a busy machine, a boot takes some minutes. */
const readyTimeoutMs = 600_000;
const flags = ['firmware', 'cpu', 'memory'] as const;

export const command = defineCommand({
  jsonLines: true,
  examples: [
    ['run out/twinbank-0.1.0.img', 'Boot a copy and keep it up; the terminal is its console'],
    [
      'run out/twinbank-0.1.0.img --headless --json --forward 18443:443 --add-disk 8GiB',
      'For a test: a line of JSON when it is ready, a disk for a datastore',
    ],
    [
      'run out/twinbank-0.1.0.img --write --add-disk store.img',
      'Keep what the host writes, also to a disk of its own',
    ],
  ],
  builder: (yargs) =>
    hostPasswordOption(
      machineFlags(
        yargs.positional('image', {
          type: 'string',
          demandOption: true,
          describe: 'A disk image: raw, qcow2 or VMDK',
        }),
        flags,
      ),
    )
      .option('write', {
        type: 'boolean',
        default: false,
        describe: 'Boot the image itself and keep what the host writes',
      })
      .option('forward', {
        type: 'string',
        array: true,
        default: [] as string[],
        defaultDescription: 'free ports for 443, 80, 902, 5989 and 427',
        requiresArg: true,
        describe:
          '[udp:]HOSTPORT:PORT: reach a port of the host at one of 127.0.0.1 (0: a free one); may be repeated; adds to the default or fixes a port of it',
      })
      .option('add-disk', {
        type: 'string',
        array: true,
        default: [] as string[],
        defaultDescription: 'none',
        requiresArg: true,
        describe:
          'SIZE, as 8GiB, for an empty disk that is removed afterwards, or FILE for a raw or qcow2 one that keeps what is written; may be repeated',
      })
      .option('until-reboot', {
        type: 'boolean',
        default: false,
        describe: 'End when the host reboots or is reset; otherwise it goes on through its loader',
      })
      .option('headless', {
        type: 'boolean',
        default: false,
        describe: 'Show nothing of the console',
      }),
  run: async (context, options) => {
    // 1. All that was said, before anything is copied or started.
    const image = resolve(context.cwd, options.image);
    const hardware = hardwareOf(options, flags);
    const forwards = parseForwards(options.forward);
    const disks = parseAddedDisks(options.addDisk, { cwd: context.cwd, image });
    const password = await givenHostPassword(context, options.passwordFd);
    await assertForwardable(forwards);
    // 2. The disks; 3. the host, until it ends; 4. what became of it.
    const { signal } = context;
    return withMachineDisk(image, options.write, context, (disk) =>
      withAddedDisks(disks, signal, async (extra) => {
        const machine = { ...defaultMachine, ...hardware, ...diskOf(disk), extra };
        disk.withdrawMarks();
        const rootPasswordHash =
          password === undefined ? {} : { rootPasswordHash: hashOf(password) };
        const { end, byKey } = await keepUp(context, options.headless, {
          machine,
          forwards,
          untilReboot: options.untilReboot,
          ...rootPasswordHash,
        });
        const failure = failureOf(end, context, {
          path: disk.path,
          memory: hardware.memory,
          byKey,
        });
        return { json: endJson(end), text: endText(end, context.colors), failure } satisfies Result;
      }),
    );
  },
});

type LiveHostInput = Pick<
  Parameters<typeof runLiveHost>[0],
  'machine' | 'forwards' | 'rootPasswordHash' | 'untilReboot'
>;

/** Runs the host with whoever watches it; `byKey`: a person ended it at the console. */
async function keepUp(
  context: Context,
  headless: boolean,
  input: LiveHostInput,
): Promise<{ end: LiveHostEnd; byKey: boolean }> {
  const interactive = !headless && !context.json && hasTerminal(context);
  const stop = new AbortController();
  const kill = new AbortController();
  let byKey = false;
  const onSignal = (): void => stop.abort(context.signal.reason);
  if (context.signal.aborted) onSignal();
  context.signal.addEventListener('abort', onSignal, { once: true });
  const pressEnd = (): void => {
    if (stop.signal.aborted) kill.abort();
    byKey = true;
    stop.abort();
  };
  let close = (): void => {};
  const onMachine = (machine: QemuMachine): void => {
    if (interactive) {
      context.report({ type: 'note', text: keyHelp.slice(0, 2).join('; ') });
      close = openTerminal(context, machine, pressEnd).close;
    } else if (!headless) {
      machine.console.onEveryLine(({ seconds, text }) =>
        context.report({ type: 'note', text: `${seconds.toFixed(1).padStart(6)} ${text}` }),
      );
    }
  };
  try {
    const end = await runLiveHost({
      ...input,
      ...(!interactive && { readyTimeoutMs }),
      stop: stop.signal,
      kill: kill.signal,
      onMachine,
      onReady: readyTeller(context),
      ...rebootTellers(context),
    });
    return { end, byKey };
  } finally {
    context.signal.removeEventListener('abort', onSignal);
    close();
  }
}

function diskOf({ path, format }: MachineDisk) {
  return { image: path, format, write: true };
}

function hashOf(password: string): string {
  return sha512Crypt(password, cryptSalt(randomBytes(12)));
}

/** A signal decides over what it ended in order; what ended otherwise is told first. */
function failureOf(
  end: LiveHostEnd,
  { signal }: Context,
  about: { readonly path: string; readonly memory: number; readonly byKey: boolean },
): TwinbankError | undefined {
  if (end.failure) return end.failure;
  if (signal.aborted) return signal.reason;
  return about.byKey ? undefined : endFailure(end, about);
}
