import type { TwinbankError } from '../../../diagnostics/error.ts';
import { exactSize } from '../../../diagnostics/size.ts';
import { bootError } from '../../../harness/console/boot-error.ts';
import { forwardUrl } from '../../../harness/live/forwards.ts';
import type { LiveHostEnd, ReadyHost } from '../../../harness/live/live-host.ts';
import type { HostEnding, RunningSystem } from '../../../harness/live/live-story.ts';
import { silentBootHint } from '../../../harness/machine/silent-boot.ts';
import { defaultMachine } from '../../../harness/qemu/machine.ts';
import type { Colors, Context } from '../../command.ts';
import { withImage } from '../../machine-disk.ts';
import { jsonText, write } from '../../output.ts';

/** Says that a host is ready: a line of JSON on standard output, or lines for people. */
export function readyTeller(context: Context): (host: ReadyHost) => Promise<void> {
  return async ({ build, bank, vmkd, forwards, unsaved }) => {
    if (unsaved !== undefined) {
      const text = `root's password lasts until the next boot: ${unsaved}`;
      context.report({ type: 'warning', text });
    }
    if (context.json) {
      const { pid } = process;
      const facts = { ready: true, build, bank, pid, vmkd, forwards };
      await write(context.stdout, jsonText(facts, 'line'));
      return;
    }
    const urls = forwards.map((one) => `  port ${one.guest}: ${forwardUrl(one)}`);
    const text = [`ready: ${systemText({ build, bank })}`, ...urls, `  vmkd: ${vmkd}`].join('\n');
    context.report({ type: 'result', text });
  };
}

/** Says to people that a host starts again, and what has come up then: programs have one line when it is ready, and ask it afterwards. */
export function rebootTellers({ report }: Context) {
  return {
    onReboot: () => report({ type: 'note', text: 'the host starts again' }),
    onReadyAgain: (system: RunningSystem) =>
      report({ type: 'note', text: `ready again: ${systemText(system)}` }),
  };
}

function systemText({ build, bank }: RunningSystem): string {
  return `${build}, ${bank === null ? 'no bank' : `bank ${bank}`}`;
}

export function endJson({ booted, outcome, ended, boots }: LiveHostEnd) {
  return { outcome, booted, ended, boots };
}

const endings: Readonly<Record<HostEnding, string>> = {
  'power-off': 'it has powered off',
  reboot: 'it was to reboot',
  reset: 'something has reset it',
  killed: 'it was ended at once',
};

/** One line. */
export function endText({ booted, outcome, ended }: LiveHostEnd, colors: Colors): string {
  const color = outcome === 'healthy' ? colors.green : colors.yellow;
  const bank = booted === null ? 'no bank' : `bank ${booted}`;
  return `${color(outcome ?? 'not ready yet')}: ${bank}, ${endings[ended]}`;
}

/** Exit code 7, unless the host was well to its end. */
export function endFailure(
  end: LiveHostEnd,
  { path, memory }: { readonly path: string; readonly memory: number },
): TwinbankError | undefined {
  const { outcome, ended, lines, wasReady } = end;
  if (outcome === 'healthy' && ended !== 'killed') return undefined;
  if (wasReady) {
    const found = outcome ?? 'one that started again and is not ready after 600 s';
    return bootError('run.failed', `expected a host that stays well, found ${found}`, lines);
  }
  const hint =
    memory < defaultMachine.memory
      ? `it has ${exactSize(memory)} of memory, which may be too little: the default is ${exactSize(defaultMachine.memory)}`
      : withImage(path, ({ device }) => silentBootHint(lines, device));
  const found = outcome ?? 'none in 600 s';
  return bootError('boot.failed', `expected the ready line, found ${found}`, lines, hint);
}
