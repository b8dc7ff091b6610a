import { type Duplex, duplexPair } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { machineClient } from '../../../../src/harness/machine/machine-client.ts';

let ours: Duplex;
let theirs: Duplex;
beforeEach(() => {
  [ours, theirs] = duplexPair();
  theirs.resume();
});
const answer = (message: object): void => void theirs.write(`${JSON.stringify(message)}\n`);

describe('a call to a machine', () => {
  it('is answered as the machine answers', async () => {
    const call = machineClient(ours, 'vmkd').call('a');
    answer({ id: 1, result: { n: 1 } });
    expect(await call).toEqual({ n: 1 });
  });

  it('is refused with the words of the other side, and its code as data', async () => {
    const vmkd = machineClient(ours, 'vmkd').call('a');
    const error = { code: -32000, message: 'not now', data: { code: 'update.busy' } };
    answer({ jsonrpc: '2.0', id: 1, error });
    await expect(vmkd).rejects.toMatchObject({
      kind: 'boot',
      code: 'harness.refused',
      message: 'vmkd: not now',
      data: { code: 'update.busy' },
    });
  });

  it("is refused in QEMU's words, whatever form they have", async () => {
    const qmp = machineClient(ours, 'qmp').call('a');
    answer({ id: 1, error: null });
    await expect(qmp).rejects.toThrow('QEMU: null');
  });

  it('fails of kind boot when no answer comes in time', async () => {
    await expect(machineClient(ours, 'vmkd').call('slow', {}, 10)).rejects.toMatchObject({
      kind: 'boot',
      code: 'harness.no-answer',
      message: 'vmkd: expected an answer, found no answer to slow in 0.01 s',
    });
  });

  it('fails when the machine goes away, and so does every later one', async () => {
    const { call } = machineClient(ours, 'vmkd');
    const first = call('a');
    ours.destroy();
    await expect(first).rejects.toThrow('found the machine went away');
    await expect(call('b')).rejects.toMatchObject({ code: 'harness.no-answer' });
  });
});
