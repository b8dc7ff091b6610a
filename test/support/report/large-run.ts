import type { RunEvent } from '../../../src/harness/report/run-event.ts';
import { bootLines } from './console-lines.ts';
import { diskMark } from './disk-summaries.ts';
import { eventStream } from './stream.ts';

/** A matrix of many scenarios with two boots each and 400 lines a boot; every tenth fails. */
export function largeRun(scenarios: number): RunEvent[] {
  const stream = eventStream({ scenarios });
  const ours = bootLines();
  const chatter = Array.from({ length: 374 }, (_, at) => ({
    seconds: 8.5 + at / 80,
    text: `[    ${(at / 80).toFixed(6)}] pci 0000:00:${at % 32}.0: reg 0x10: [mem 0xfebc0000-0xfebdffff]`,
  }));
  const lines = [...ours.slice(0, 17), ...chatter, ...ours.slice(17)];
  for (let at = 0; at < scenarios; at += 1) {
    const one = stream.scenario(`matrix-${at}`, {
      variant: { firmware: at % 2 === 0 ? 'bios' : 'uefi', disk: 'nvme' },
      steps: ['build and flash', 'power on', 'update', 'power on', 'expect bank 6'],
    });
    one.begin();
    one.end();
    one.disk('flashed', diskMark());
    for (const boot of [1, 2]) {
      one.begin();
      one.power(boot === 1 ? 'on' : 'reset');
      one.lines(lines);
      one.booted(lines);
      one.end('passed', 'bank 5');
      one.disk(`boot ${boot}`, diskMark({}, { state: 'UPGRADING', build: '1.1.0-2' }, 6));
    }
    const failed = at % 10 === 0;
    one.begin();
    if (failed)
      one.end('failed', undefined, { code: 'scenario.bank', message: 'expected bank 6, found 5' });
    else one.end();
    one.done(failed ? 'failed' : 'passed');
  }
  return stream.end();
}
