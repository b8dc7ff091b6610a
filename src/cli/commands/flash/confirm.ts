import { TwinbankError } from '../../../diagnostics/error.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import type { DeviceFacts } from '../../../host/device/device-facts.ts';
import type { Context } from '../../command.ts';
import { shellWord } from '../../text/shell-word.ts';

interface Consent {
  readonly yes: boolean;
  /** Of `--device-serial`. */
  readonly serial: string | undefined;
}

/**
 * Lets a device be erased when a person at a terminal has typed its name, or when the command line has its serial
 * number: names of devices change from boot to boot. Throws `flash.not-confirmed` (kind `refused`) otherwise.
 */
export async function confirmErasing(
  context: Context,
  consent: Consent,
  target: string,
  facts: DeviceFacts,
): Promise<void> {
  const refuse = (message: string): never => {
    throw new TwinbankError('refused', 'flash.not-confirmed', message, { data: { target } });
  };
  const shown = describeDevice(target, facts);
  const serial = facts.serial ?? 'none';
  if (consent.serial !== undefined && consent.serial !== serial) {
    refuse(
      `--device-serial: expected the serial number of ${shown}, found ${JSON.stringify(consent.serial)}`,
    );
  }
  if (consent.yes && consent.serial !== undefined) {
    return context.report({ type: 'note', text: `may be erased, as --yes says: ${shown}` });
  }
  if (consent.yes) {
    refuse(
      `${target}: expected --device-serial beside --yes, found none; it is ${shown}: --device-serial ${shellWord(serial)} erases it`,
    );
  }
  context.report({ type: 'warning', text: `everything on ${shown} will be lost` });
  const typed = await context.askOpenly(`Type ${facts.name} to erase it: `);
  if (typed === undefined) {
    refuse(
      `${target}: expected a terminal to confirm on, or --yes --device-serial ${shellWord(serial)}, found neither`,
    );
  }
  if (typed?.trim() !== facts.name) {
    refuse(`${target}: expected ${facts.name} to be typed, found ${JSON.stringify(typed)}`);
  }
}

/** `/dev/sdb (SanDisk Ultra, serial 4C53, 28.9 GiB, removable, with sdb1 28.9 GiB)` */
function describeDevice(target: string, facts: DeviceFacts): string {
  const { model, serial, bytes, removable, partitions } = facts;
  const parts = [
    model ?? 'no model',
    serial === null ? 'no serial number' : `serial ${serial}`,
    humanSize(bytes),
    ...(removable ? ['removable'] : []),
    ...(partitions.length > 0
      ? [`with ${partitions.map((one) => `${one.name} ${humanSize(one.bytes)}`).join(', ')}`]
      : ['no partitions']),
  ];
  return `${target} (${parts.join(', ')})`;
}
