import { nearestWord } from '../../recipe/nearest-word.ts';
import { bootFaultRows } from './boot-fault-rows.ts';
import type { MachineKind } from './engine.ts';
import { liveFaultRows } from './live-fault-rows.ts';

/** The name of a fault, or what was meant to be one, without argument and bank. */
export function faultName(text: string): string {
  return text.split(/[=@]/)[0] ?? text;
}

/** Every fault that a scenario can name. */
export const faultNames = [...bootFaultRows, ...liveFaultRows].map(({ name }) => name);

/** One line a fault of a boot, for help and errors. */
export function faultList(engine?: MachineKind): string {
  const rows = bootFaultRows.filter((row) => engine === undefined || row.engines.includes(engine));
  const width = Math.max(...rows.map(({ usage }) => usage.length));
  return rows.map(({ usage, meaning }) => `  ${usage.padEnd(width)}  ${meaning}`).join('\n');
}

/** The fault that was probably meant. */
export function nearestFault(text: string, candidates: readonly string[]): string | null {
  return nearestWord(faultName(text), candidates);
}
