import { describe, expect, it } from 'vitest';
import { machineRecord } from '../../../../src/harness/machine/machine-record.ts';

function recorded() {
  let now = 0;
  const record = machineRecord(() => now);
  const events: string[] = [];
  record.onPower(({ what }) => void events.push(what));
  const pass = (seconds: number): void => {
    now += seconds;
  };
  return { ...record, events, pass };
}

describe('a reset that is told again at once', () => {
  it('is one boot', () => {
    const { power, events, boots, addLine, pass } = recorded();
    power({ what: 'on' });
    addLine('Kernel panic - not syncing');
    pass(10);
    for (let time = 0; time < 3; time++) {
      power({ what: 'reset' });
      pass(0.02);
    }
    expect(events).toEqual(['on', 'reset']);
    expect(boots()).toBe(2);
  });

  it.each([
    [
      'the machine has said something',
      (record: ReturnType<typeof recorded>) => record.addLine('x'),
    ],
    ['some time has passed', (record: ReturnType<typeof recorded>) => record.pass(0.6)],
    [
      'the power was off',
      (record: ReturnType<typeof recorded>) => {
        record.power({ what: 'cut' });
        record.power({ what: 'on' });
      },
    ],
  ])('is another when %s', (_what, between) => {
    const record = recorded();
    record.power({ what: 'on' });
    record.power({ what: 'reset' });
    const before = record.boots();
    between(record);
    record.power({ what: 'reset' });
    expect(record.boots()).toBeGreaterThan(before);
    expect(record.events.at(-1)).toBe('reset');
  });
});
