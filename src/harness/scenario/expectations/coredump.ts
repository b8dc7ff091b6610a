import { flag, map } from '../../../recipe/field.ts';
import { pattern } from '../fields.ts';
import { askVmkd, coredumpAnswer } from '../vmkd-answer.ts';
import { defineExpectation, right, wrong } from './expectation.ts';

const none = 'none';

export const coredump = defineExpectation({
  key: 'coredump',
  schema: map({
    armed: flag().optional().describe('Whether a panic of the kernel would leave a dump'),
    dump: pattern()
      .optional()
      .describe(
        'none, or a regular expression for state and reason of the dump that is there, such as "complete: sysrq"',
      ),
  }).refine((wanted) => Object.keys(wanted).length > 0, { error: 'armed or dump' }),
  meaning: "The core dump of the host's kernel",
  power: 'on',
  needs: ['vmkd'],
  title: ({ armed, dump }) => {
    const said = [
      ...(armed === undefined ? [] : [armed ? 'armed' : 'not armed']),
      ...(dump ? [`dump ${dump.source}`] : []),
    ];
    return `coredump ${said.join(', ')}`;
  },
  async look({ armed, dump }, { machine, timeoutMs }) {
    const answer = await askVmkd(machine, coredumpAnswer, 'coredump.status', {}, timeoutMs);
    const there = answer.dump ? `${answer.dump.state}: ${answer.dump.reason}` : none;
    const ready = answer.armed ? 'armed' : `not armed (${answer.why ?? 'no reason'})`;
    const text = [...(armed === undefined ? [] : [ready]), ...(dump ? [there] : [])].join('; ');
    // `none` is no pattern: a reason may have the word in it.
    const dumped = dump?.source === none ? answer.dump === null : (dump?.test(there) ?? true);
    const good = dumped && (armed ?? answer.armed) === answer.armed;
    return good ? right(text) : wrong(text);
  },
});
