import { describe, expect, it } from 'vitest';
import { machineRecord } from '../../../../src/harness/machine/machine-record.ts';

function recorded() {
  let now = 0;
  const record = machineRecord(() => now);
  const told: string[] = [];
  record.onPower(({ what }) => void told.push(what));
  const pass = (seconds: number): void => {
    now += seconds;
  };
  return { ...record, told, pass };
}

describe('a reset that is told again at once', () => {
  it('is one boot', () => {
    const { tell, told, boots, show, pass } = recorded();
    tell({ what: 'on' });
    show('Kernel panic - not syncing');
    pass(10);
    for (let time = 0; time < 3; time++) {
      tell({ what: 'reset' });
      pass(0.02);
    }
    expect(told).toEqual(['on', 'reset']);
    expect(boots()).toBe(2);
  });

  it.each([
    ['the machine has said something', (record: ReturnType<typeof recorded>) => record.show('x')],
    ['some time has passed', (record: ReturnType<typeof recorded>) => record.pass(0.6)],
    [
      'the power was off',
      (record: ReturnType<typeof recorded>) => {
        record.tell({ what: 'cut' });
        record.tell({ what: 'on' });
      },
    ],
  ])('is another when %s', (_what, between) => {
    const record = recorded();
    record.tell({ what: 'on' });
    record.tell({ what: 'reset' });
    const before = record.boots();
    between(record);
    record.tell({ what: 'reset' });
    expect(record.boots()).toBeGreaterThan(before);
    expect(record.told.at(-1)).toBe('reset');
  });
});
