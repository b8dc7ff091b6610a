import { type BankAction, changeBank } from '../../../bootloader/change-bank.ts';
import { readBanks } from '../../../bootloader/read-banks.ts';
import type { Play } from '../../run/play.ts';

/** Does to the banks of a machine that is off what `twinbank bank` does. Throws `bank.*`. */
export async function changeAtRest(
  play: Play,
  action: BankAction,
  number?: number,
): Promise<string> {
  const { partition, marks } = await play.machine.withDisk(
    (device) => {
      const change = changeBank(device, readBanks(device), action, number);
      device.flush();
      return change;
    },
    { writable: true },
  );
  await play.markDisk(`after ${action}`);
  return `bank ${partition}: bootstate ${marks.bootstate}, verdict ${marks.verdict}`;
}
