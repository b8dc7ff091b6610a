import { defineStep } from '../step.ts';
import { begin, unmet } from '../step-context.ts';
import { callVmkd, vmkdCallShape } from '../vmkd-call.ts';
import { checkOn } from './boot.ts';

export const call = defineStep({
  name: 'call',
  summary:
    'Asks vmkd of the running host once, and holds its answer to the parts that are expected',
  shorthand: 'method',
  shape: vmkdCallShape,
  timeoutMs: 2 * 60_000,
  needs: () => ['vmkd'],
  title: ({ method, error }) => `call ${method}${error === undefined ? '' : ', refused'}`,
  check: (_spec, planned, reportProblem) => checkOn(planned, reportProblem),
  async run(spec, context) {
    const { machine, timeoutMs } = context;
    begin(context);
    const finding = await callVmkd(spec, machine, timeoutMs);
    if ('wrong' in finding) {
      const { method, error, answer } = spec;
      const expected =
        error === undefined
          ? `${method} to answer with ${JSON.stringify(answer)}`
          : `${method} to be refused with ${JSON.stringify(error)}`;
      throw unmet(expected, finding.wrong);
    }
    return finding.right;
  },
});
