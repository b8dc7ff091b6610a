import { describe, expect, it } from 'vitest';
import { loaderMoments } from '../../../../src/harness/report/loader-moments.ts';

const moments = (lines: readonly string[]) => {
  const follow = loaderMoments();
  return lines.flatMap((line) => follow(`twinbank: ${line}`, 1) ?? []);
};
const scan = [
  'bank 5 VALID attempts=0 verdict=- updated=2 build=1.0.0-1',
  'bank 6 UPGRADING attempts=0 verdict=- updated=3 build=1.1.0-2',
];
const bank5 = { partition: 5, state: 'VALID', attempts: 0, verdict: '-', build: '1.0.0-1' };
const bank6 = { partition: 6, state: 'DIRTY', attempts: 0, verdict: '-', build: '1.1.0-2' };

describe('the states of the banks by the lines of a boot', () => {
  it('are those that the loader has found and written when it boots one', () => {
    const lines = [
      ...scan,
      'bank 6 set bootstate=2 attempts=0 verdict=-',
      'booting bank 6 build=1.1.0-2',
    ];
    expect(moments(lines)).toEqual([
      { label: 'bank 6 is booted', boot: 1, banks: [bank5, bank6], next: 6 },
    ]);
  });

  it('needs only one of the two lines that say which bank is booted', () => {
    const started = 'starting kernel of bank 6';
    const either = [['booting bank 6 build=1'], [started], ['booting bank 6 build=1', started]];
    for (const lines of either) expect(moments([...scan, ...lines])).toHaveLength(1);
  });

  it('are VALID with no attempts when the system confirms', () => {
    const [, confirmed] = moments([
      ...scan,
      'bank 6 set bootstate=2 attempts=0 verdict=-',
      'booting bank 6 build=1.1.0-2',
      'stage=bank at=19.81s confirmed /dev/vda6, was DIRTY attempts=0',
    ]);
    expect(confirmed).toEqual({
      label: 'bank 6 is confirmed',
      boot: 1,
      banks: [bank5, { ...bank6, state: 'VALID' }],
      next: 6,
    });
  });

  it('ends at the rescue prompt with no bank, and shows banks whose marks cannot be read', () => {
    const lines = ['bank 5 MALFORMED', 'bank 6 INVALID attempts=0 verdict=T updated=3 build=1-1'];
    const [rescue] = moments([...lines, 'rescue: no bank can be booted']);
    expect(rescue).toMatchObject({
      label: 'no bank can be booted',
      banks: [{ state: 'MALFORMED' }, {}],
    });
    expect(rescue).not.toHaveProperty('next');
  });

  it('forgets what an earlier boot has found', () => {
    const follow = loaderMoments();
    for (const line of scan) follow(`twinbank: ${line}`, 1);
    follow('twinbank: bank 5 VALID attempts=1 verdict=- updated=2 build=1.0.0-1', 2);
    expect(follow('twinbank: booting bank 5 build=1.0.0-1', 2)?.banks).toEqual([
      { ...bank5, attempts: 1 },
    ]);
  });
});
