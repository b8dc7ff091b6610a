import { tellsConfirmed } from '../../../protocol/bank-stage.ts';
import { parseConsoleLine } from '../../../protocol/parse-console-line.ts';
import { changeAtRest } from '../change-at-rest.ts';
import { bankNumber } from '../fields.ts';
import { defineStep } from '../step.ts';
import { unmet } from '../step-context.ts';
import { bootTimeoutMs } from './boot.ts';

export const confirm = defineStep({
  name: 'confirm',
  summary:
    'A running machine has to confirm its bank by itself; on one that is off it is done as `twinbank bank confirm` does',
  shorthand: 'bank',
  shape: {
    bank: bankNumber()
      .optional()
      .describe('With the machine off: which bank; default the one that boots next'),
  },
  timeoutMs: bootTimeoutMs,
  title: ({ bank }) => (bank === undefined ? 'confirm' : `confirm bank ${bank}`),
  check({ bank }, planned, reportProblem) {
    if (bank !== undefined && planned.on) {
      reportProblem('bank', 'no number while the machine is on', String(bank));
    }
    if (!planned.flashed) reportProblem(undefined, 'a `flash` before it', 'none');
  },
  async run({ bank }, context) {
    const { machine, watch, signal, timeoutMs } = context;
    if (!machine.isOn()) return changeAtRest(context, 'confirm', bank);
    const from = watch.boots.at(-1)?.from ?? 0;
    const wait = await watch.until(
      () => watch.lines.slice(from).find(({ text }) => bankStage(text) !== undefined),
      { timeoutMs, signal },
    );
    const line = 'found' in wait ? wait.found : undefined;
    const event = line && bankStage(line.text);
    if (!event || !tellsConfirmed(event)) {
      throw unmet('the bank to be confirmed', line?.text ?? 'nothing said of the bank');
    }
    return event.detail;
  },
});

/** What the running system tells of its bank. */
function bankStage(line: string) {
  const event = parseConsoleLine(line);
  return event?.type === 'stage' && event.stage === 'bank' ? event : undefined;
}
