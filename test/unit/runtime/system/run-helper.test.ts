import { describe, expect, it } from 'vitest';
import { runHelper } from '../../../../src/runtime/system/run-helper.ts';

describe('K4: a helper process', () => {
  it('gives its output as bytes, whatever they are', async () => {
    const input = Uint8Array.from({ length: 70_000 }, (_, at) => at % 251);
    const end = await runHelper('cat', [], { timeoutMs: 10_000, input });
    expect(end).toMatchObject({ code: 0, error: '' });
    expect(end.output.equals(input)).toBe(true);
  });

  it('says why it failed, in one line', async () => {
    const script = 'echo "one\ntwo" >&2; exit 3';
    expect(await runHelper('sh', ['-c', script], { timeoutMs: 10_000 })).toMatchObject({
      code: 3,
      error: 'one two',
    });
    const missing = await runHelper('/nowhere/program', [], { timeoutMs: 10_000 });
    expect(missing).toMatchObject({ code: 127, error: expect.stringContaining('ENOENT') });
    const killed = await runHelper('sh', ['-c', 'kill -9 $$'], { timeoutMs: 10_000 });
    expect(killed).toMatchObject({ code: 1, error: 'SIGKILL' });
  });

  it('that ends before it has read all is no trouble', async () => {
    const input = new Uint8Array(1_000_000);
    expect((await runHelper('true', [], { timeoutMs: 10_000, input })).code).toBe(0);
  });

  it('that does not end in its time is left behind', async () => {
    const end = await runHelper('sleep', ['60'], { timeoutMs: 100 });
    expect(end).toMatchObject({ code: 124, error: 'sleep did not end in 0.1 s' });
    // It could be killed, as most can.
    await end.left;
  });

  it('that has ended in time is heard, though vmkd was busy until after it', async () => {
    const running = runHelper('echo', ['here'], { timeoutMs: 150 });
    const busyUntil = performance.now() + 400;
    while (performance.now() < busyUntil);
    expect(await running).toMatchObject({ code: 0, output: Buffer.from('here\n') });
  });
});
