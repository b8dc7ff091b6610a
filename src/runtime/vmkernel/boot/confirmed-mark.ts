import { existsSync, writeFileSync } from 'node:fs';

/** That the bank of this boot was confirmed: for a vmkd that is started again. It goes with the power. */
export interface ConfirmedMark {
  isSet(): boolean;
  /** Never throws. */
  set(): void;
}

/** The mark as a file in memory. What keeps it from being made is reported, one sentence. */
export function confirmedMark(
  report: (why: string) => void,
  file = '/run/twinbank/vmkd.confirmed',
): ConfirmedMark {
  return {
    isSet: () => existsSync(file),
    set: () => {
      try {
        writeFileSync(file, '');
      } catch (error) {
        report(`the confirmation is not noted for the next vmkd: ${(error as Error).message}`);
      }
    },
  };
}
