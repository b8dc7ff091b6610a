import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchDevices } from '../../../../src/runtime/system/watch-devices.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(onChange = vi.fn(async () => {})) {
  const kernel = { number: 1 };
  const errors: string[] = [];
  const stop = watchDevices({
    onChange,
    onError: (message) => void errors.push(message),
    readNumber: () => String(kernel.number),
    pauseMs: 500,
  });
  return { kernel, onChange, errors, stop };
}

describe('K2: devices that come and go', () => {
  it('are told of once for a group of events, within 2 s', async () => {
    const { kernel, onChange } = watched();
    await vi.advanceTimersByTimeAsync(5000);
    expect(onChange).not.toHaveBeenCalled();
    kernel.number += 7;
    await vi.advanceTimersByTimeAsync(400);
    kernel.number += 1;
    await vi.advanceTimersByTimeAsync(1600);
    expect(onChange).toHaveBeenCalledTimes(1);
  });

  it('are told of within 2.5 s even where events never end', async () => {
    const { kernel, onChange } = watched();
    const noise = setInterval(() => kernel.number++, 100);
    await vi.advanceTimersByTimeAsync(2500);
    clearInterval(noise);
    expect(onChange).toHaveBeenCalled();
  });

  it('are not told of while the last change is worked on, but afterwards', async () => {
    let finish = (): void => {};
    const onChange = vi.fn(() => new Promise<void>((done) => (finish = done)));
    const { kernel } = watched(onChange);
    kernel.number++;
    await vi.advanceTimersByTimeAsync(1500);
    kernel.number++;
    await vi.advanceTimersByTimeAsync(5000);
    expect(onChange).toHaveBeenCalledTimes(1);
    finish();
    await vi.advanceTimersByTimeAsync(1500);
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  it('are watched on where a change could not be worked on, which is said', async () => {
    const onChange = vi.fn(() => Promise.reject(new Error('no memory')));
    const { kernel, errors, stop } = watched(onChange);
    kernel.number++;
    await vi.advanceTimersByTimeAsync(1500);
    kernel.number++;
    await vi.advanceTimersByTimeAsync(1500);
    expect(errors).toEqual(['no memory', 'no memory']);
    stop();
    kernel.number++;
    await vi.advanceTimersByTimeAsync(5000);
    expect(onChange).toHaveBeenCalledTimes(2);
  });
});
