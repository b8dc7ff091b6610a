import { describe, expect, it } from 'vitest';
import {
  parseRollup,
  processMemory,
} from '../../../../../src/runtime/vmkernel/support/process-memory.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const rollup = (pss: number, clean: number, dirty: number) => `5581-7fff ---p 0 00:00 0 [rollup]
Rss:               46000 kB
Pss:               ${pss} kB
Pss_Dirty:          2000 kB
Shared_Clean:      30000 kB
Private_Clean:      ${clean} kB
Private_Dirty:      ${dirty} kB
`;

describe('the memory of processes', () => {
  it('is what the kernel sums up of each', () => {
    expect(parseRollup(rollup(20_000, 300, 12_000))).toEqual({ pss: 20_000, private: 12_300 });
    expect(parseRollup('')).toEqual({ pss: 0, private: 0 });
  });

  it('is listed with the largest first, without threads of the kernel', () => {
    const proc = temporaryFiles({
      '1/smaps_rollup': rollup(500, 1, 2),
      '1/cmdline': 'init\0',
      '2/cmdline': '',
      '20/smaps_rollup': rollup(9000, 10, 20),
      '20/cmdline': '/usr/bin/node\0vmkd.mjs\0',
      'self/smaps_rollup': rollup(1, 1, 1),
    });
    expect(processMemory(proc)).toEqual([
      { pid: 20, command: '/usr/bin/node vmkd.mjs', pss: 9000, private: 30 },
      { pid: 1, command: 'init', pss: 500, private: 3 },
    ]);
  });
});
