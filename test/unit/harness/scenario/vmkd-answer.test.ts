import { describe, expect, it } from 'vitest';
import {
  askVmkd,
  rollbackAnswer,
  saveAnswer,
  statusAnswer,
} from '../../../../src/harness/scenario/vmkd-answer.ts';

const answering = (answer: unknown) => ({ vmkd: { call: async () => answer } });

describe("vmkd's answer", () => {
  it('is taken with members that nobody asks for', async () => {
    const machine = answering({ bank: 5, rebooting: true });
    expect(await askVmkd(machine, rollbackAnswer, 'bank.rollback')).toEqual({ bank: 5 });
    expect(await askVmkd(answering({}), statusAnswer, 'status')).toEqual({ problems: [] });
  });

  it.each([
    [{ bank: 'five' }, 'expected an answer as documented at bank, found {"bank":"five"}'],
    [null, 'expected an answer as documented, found null'],
    [undefined, 'expected an answer as documented, found nothing'],
  ])('is refused where it has another shape: %j', async (answer, message) => {
    await expect(askVmkd(answering(answer), rollbackAnswer, 'bank.rollback')).rejects.toMatchObject(
      { code: 'harness.answer', message: `vmkd: bank.rollback: ${message}` },
    );
  });

  it('says why settings were not saved', async () => {
    const machine = answering({ saved: false, why: 'a trial' });
    expect(await askVmkd(machine, saveAnswer, 'config.set')).toEqual({
      saved: false,
      why: 'a trial',
    });
  });
});
