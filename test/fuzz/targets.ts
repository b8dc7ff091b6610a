import type { FuzzTarget } from './target.ts';
import { envelope, inventory, subjects } from './targets/attestations.ts';
import { bankEnv, bootCfg, bootJournal, sum } from './targets/boot-files.ts';
import { bundle } from './targets/bundle.ts';
import { bmap, coredump } from './targets/disk-headers.ts';
import { fat } from './targets/fat.ts';
import { gpt } from './targets/gpt.ts';
import { bundleIndex, canonicalJsonTarget, manifest, signature } from './targets/json-documents.ts';
import { qcow2 } from './targets/qcow2.ts';
import { stateArchive, stateSlot } from './targets/state.ts';
import { vimCall } from './targets/vim-call.ts';
import { vmdk } from './targets/vmdk.ts';

/** Every parser of what somebody else may have written. */
export const targets: readonly FuzzTarget[] = [
  bundle,
  canonicalJsonTarget,
  bundleIndex,
  manifest,
  signature,
  bootCfg,
  bankEnv,
  sum,
  bootJournal,
  coredump,
  bmap,
  gpt,
  fat,
  qcow2,
  vmdk,
  stateSlot,
  stateArchive,
  inventory,
  envelope,
  subjects,
  vimCall,
];
