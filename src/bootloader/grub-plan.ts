import { bootCfgKeys } from './rules.ts';

/** How the script ends, the only thing in which the one that boots and the one under test differ. */
type ScriptEnd = 'boot' | 'halt';

export interface GrubScriptOptions {
  /** GPT partition numbers of the banks. */
  readonly banks: readonly number[];
  /** Seconds in which a person may press Esc or r, unseen; 0 gives no chance (for tests). */
  readonly hiddenTimeout?: number;
  /** Seconds after which an open menu goes on by itself. */
  readonly menuTimeout?: number;
  /** Seconds after which the rescue prompt reboots. */
  readonly rescueTimeout?: number;
  /**
   * `halt`: stop where the kernel would be loaded or the machine be reset, after the same words, for
   * Debian's grub-emu, which has neither `linux` nor a machine to reset.
   */
  readonly end?: ScriptEnd;
}

/** What the parts of the script are generated from: the options with every default filled in. */
export type ScriptPlan = Required<GrubScriptOptions>;

/** What the script reads of boot.cfg. */
export const readKeys = bootCfgKeys.filter((key) => key !== 'title');

/** The facts of one bank, in GRUB variables named \`bN_FACT\`: what is read, then what the script makes. */
export const registers = [...readKeys, 'eligible', 'why', 'placed', 'checked', 'said'];

/** GRUB's font for the UEFI screen, in the memory disk inside BOOTX64.EFI. */
export const fontName = 'ascii.pf2';
