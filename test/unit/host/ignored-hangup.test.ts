import { describe, expect, it } from 'vitest';
import { startedWithoutHangup } from '../../../src/host/ignored-hangup.ts';

const status = (mask: string) => () => `Name:\tbash\nSigBlk:\t0000000000000002\nSigIgn:\t${mask}\n`;

describe('a process that outlives its terminal', () => {
  it('was started by nohup, as the shell says', () => {
    expect(startedWithoutHangup({ _: '/usr/bin/nohup' }, status('0000000000000000'))).toBe(true);
    expect(startedWithoutHangup({ _: '/usr/bin/twinbank' }, status('0'))).toBe(false);
  });

  it('has a parent that ignores SIGHUP, whatever else that ignores', () => {
    expect(startedWithoutHangup({}, status('0000000000000001'))).toBe(true);
    expect(startedWithoutHangup({}, status('8000000000001005'))).toBe(true);
    expect(startedWithoutHangup({}, status('0000000000001006'))).toBe(false);
  });

  it('is not what it is taken for where nothing is known of the parent', () => {
    const hidden = () => {
      throw new Error('ENOENT');
    };
    expect(startedWithoutHangup({}, hidden)).toBe(false);
    expect(startedWithoutHangup({}, () => 'Name:\tbash\n')).toBe(false);
  });
});
