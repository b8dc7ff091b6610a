import { z } from 'zod';
import { choice, flag, integer } from '../../../recipe/field.ts';
import { followBoot } from '../follow-boot.ts';
import { defineStep } from '../step.ts';
import { begin, unmet } from '../step-context.ts';
import { updateAtRest } from '../update-at-rest.ts';
import { updateRunning } from '../update-running.ts';
import { checkBuild } from './build.ts';
import { refusal } from './flash.ts';

const ways = ['stream', 'stage'] as const;

export const update = defineStep({
  name: 'update',
  summary:
    'Puts a bundle into the bank that does not run: by vmkd on a running machine, by twinbank itself on one that is off',
  shorthand: 'bundle',
  shape: {
    bundle: z
      .string({ error: 'the name of a build' })
      .optional()
      .describe('Bundle of which build; default the one that was made last'),
    by: choice(ways)
      .optional()
      .describe(
        'How a running machine gets it over its serial port: chunk by chunk into the bank (stream), or first into /tmp (stage)',
      ),
    reboot: flag()
      .optional()
      .describe('Reboot into the new version, and follow the machine until it is ready'),
    'allow-older': flag()
      .optional()
      .describe('Take a bundle that is older than what the machine has'),
    wait: flag().optional().describe('false: go on with the next step while the update runs'),
    'cut-at-write': integer(1, 1_000_000)
      .optional()
      .describe('With the machine off: the power fails instead of this write to the disk'),
    refused: z
      .string({ error: 'a part of the message' })
      .optional()
      .describe('The update has to be refused with a message that contains this'),
  },
  timeoutMs: 15 * 60_000,
  shares: ({ wait, refused, 'cut-at-write': cutAt }) =>
    wait !== false && refused === undefined && cutAt === undefined,
  title: (spec) =>
    [
      'update',
      spec.bundle,
      spec.by && `by ${spec.by}`,
      spec['allow-older'] && 'though it is older',
      spec.reboot && 'and reboot',
      spec.wait === false && 'in the background',
      spec['cut-at-write'] !== undefined && `cut at write ${spec['cut-at-write']}`,
      spec.refused !== undefined && 'that is refused',
    ]
      .filter(Boolean)
      .join(' '),
  check(spec, planned, reportProblem) {
    const { bundle: name, wait, reboot } = spec;
    const cutAt = spec['cut-at-write'];
    if (name !== undefined && checkBuild('bundle', name, planned, reportProblem) === undefined)
      return;
    const made = name === undefined ? planned.bundled.size > 0 : planned.bundled.has(name);
    if (!made) reportProblem('bundle', `a \`bundle${name ? `: ${name}` : ''}\` before it`, 'none');
    if (!planned.flashed) reportProblem(undefined, 'a `flash` before it', 'none');
    const running = [
      spec.by !== undefined && 'by',
      reboot === true && 'reboot',
      wait === false && 'wait',
    ].find(Boolean);
    if (running && !planned.on) reportProblem(running, 'a machine that is on', 'one that is off');
    if (cutAt !== undefined && planned.on) {
      reportProblem(
        'cut-at-write',
        'a machine that is off (power-cut is for one that is on)',
        'one that is on',
      );
    }
    if (wait === false && (reboot || spec.refused !== undefined)) {
      reportProblem('wait', 'neither reboot nor refused beside wait: false', 'one of them');
    }
    if (wait === false) planned.updating = true;
  },
  async run(spec, context) {
    const bundle = context.state.bundles[spec.bundle ?? context.state.bundle ?? ''];
    if (!bundle) throw unmet('a bundle', 'none');
    const { by, reboot, 'cut-at-write': cutAt, 'allow-older': allowOlder } = spec;
    const on = context.machine.isOn();
    const act = on
      ? () => updateRunning(context, bundle.path, { by, reboot, allowOlder })
      : () => updateAtRest(context, bundle, { cutAt, allowOlder });
    const first = begin(context);
    if (spec.refused !== undefined) return refusal(act, spec.refused, context.signal);
    if (spec.wait === false) {
      const updating = act();
      const { state } = context;
      state.updating = updating;
      // Whoever ends it says so; a failure that nobody waits for is not one of this step.
      const over = () => {
        if (state.updating === updating) delete state.updating;
      };
      updating.then(over, over);
      return 'begun';
    }
    const found = await act();
    if (!spec.reboot) return found;
    return `${found}; ${await followBoot(context, 'ready', first)}`;
  },
});
