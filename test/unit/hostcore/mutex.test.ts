import { describe, expect, it } from 'vitest';
import { mutex } from '../../../src/hostcore/mutex.ts';

describe('work under one lock', () => {
  it('is done one after another, in the order in which it was given', async () => {
    const alone = mutex();
    const deeds: string[] = [];
    const work = (name: string, pauses: number) =>
      alone(async () => {
        deeds.push(`${name} begins`);
        for (let pause = 0; pause < pauses; pause++) await new Promise(setImmediate);
        deeds.push(`${name} ends`);
        return name;
      });
    expect(await Promise.all([work('a', 5), work('b', 0), work('c', 2)])).toEqual(['a', 'b', 'c']);
    expect(deeds).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('goes on after work that failed, which is told to whoever gave it', async () => {
    const alone = mutex();
    const failed = alone(() => {
      throw new Error('broken');
    });
    const next = alone(() => 'done');
    await expect(failed).rejects.toThrow('broken');
    expect(await next).toBe('done');
  });
});
