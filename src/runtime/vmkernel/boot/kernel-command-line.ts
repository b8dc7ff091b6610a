import type { RefusedBank } from '../../../bootloader/boot-journal.ts';
import { type Refusal, refusals } from '../../../bootloader/rules.ts';

/** What the loader and the builder tell the running system on the kernel's command line. */
export interface KernelCommandLine {
  /** `version-build` of the bank that runs. */
  build: string;
  /** Partition number of the bank that runs; undefined when no loader chose one (a test). */
  bank?: number;
  /** GPT partition GUID of that bank, lower case. */
  partitionGuid?: string;
  /** The loader has marked this boot as a trial: it has one try, and the old bank waits. */
  trial: boolean;
  /** Layers that init stacked. */
  layers: readonly string[];
  /** Banks that the loader passed over, in its order. */
  refused: readonly RefusedBank[];
}

/** Parses `/proc/cmdline`; words that are not twinbank's are the kernel's and are passed over. */
export function parseKernelCommandLine(text: string): KernelCommandLine {
  const parameters = new Map<string, string>();
  for (const word of text.trim().split(/\s+/)) {
    const [key, value] = [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)];
    if (key.startsWith('twinbank.')) parameters.set(key.slice('twinbank.'.length), value);
  }
  const bank = Number(parameters.get('bank'));
  const partitionGuid = parameters.get('partuuid')?.toLowerCase();
  return {
    build: parameters.get('build') ?? 'unknown',
    trial: parameters.get('state') === '2',
    layers: (parameters.get('layers') ?? '').split(',').filter(Boolean),
    refused: parseRefused(parameters.get('refused') ?? ''),
    ...(Number.isInteger(bank) && bank > 0 && { bank }),
    ...(partitionGuid && { partitionGuid }),
  };
}

/** `,5:contents:engine.v00,6:dirty`: bank, the loader's word for it, and what it is about. */
function parseRefused(text: string): RefusedBank[] {
  return text
    .split(',')
    .filter(Boolean)
    .flatMap((entry) => {
      const [number, word, about] = entry.split(':');
      // A name that was read in a damaged bank may itself have a comma.
      if (!number || !word || !/^\d+$/.test(number)) return [];
      const why = Object.hasOwn(refusals, word) ? refusals[word as Refusal] : word;
      return [{ bank: Number(number), why: about ? `${why}: ${about}` : why }];
    });
}
