import { type BankAction, changeBank } from '../../bootloader/change-bank.ts';
import { readBanks } from '../../bootloader/read-banks.ts';
import type { StepContext } from './step-context.ts';

/** Does to the banks of a machine that is off what `twinbank bank` does. Throws `bank.*`. */
export async function changeAtRest(
  context: StepContext,
  action: BankAction,
  number?: number,
): Promise<string> {
  const { partition, marks } = await context.machine.withDisk(
    (device) => {
      const change = changeBank(device, readBanks(device), action, number);
      device.flush();
      return change;
    },
    { writable: true },
  );
  await context.reportDisk(`after ${action}`);
  return `bank ${partition}: bootstate ${marks.bootstate}, verdict ${marks.verdict}`;
}
