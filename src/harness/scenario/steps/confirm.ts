import { changeAtRest } from '../change-at-rest.ts';
import { bankNumber } from '../fields.ts';
import { defineStep } from '../step.ts';
import { unmet } from '../step-context.ts';
import { bootTimeoutMs } from './boot.ts';

const confirmedLine = /twinbank: stage=bank .*\bconfirmed\b(?!:)/;

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
    const line = await watch.until(
      () => watch.lines.slice(from).find(({ text }) => /stage=bank /.test(text)),
      { timeoutMs, signal },
    );
    const found = line?.text ?? 'nothing said of the bank';
    if (!line || !confirmedLine.test(line.text)) throw unmet('the bank to be confirmed', found);
    return found.replace(/^.*stage=bank at=\S+ /, '');
  },
});
