import { agentsUpdateRow } from './agents-update.ts';
import type { BenchRow } from './bench-row.ts';
import { flashOnlyRow, flashRow } from './flash-against-bmaptool.ts';
import { pluggedCardRow, pluggedDiskRow } from './hot-plug.ts';
import { idleProcessorRow } from './idle-processor.ts';
import { composeRow, imageRow, mappedImageRow } from './image-against-genimage.ts';
import { changedOemRow, changedSmallOemRow, matrixMemoryRow, matrixRow } from './matrix.ts';
import { memoryInUseRow } from './memory-in-use.ts';
import { biosBootRow, uefiBootRow } from './real-boots.ts';
import { changedAgentRow, unchangedRow } from './rebuild.ts';
import { hashedBootRow, simulatedBootsRow } from './simulated-boots.ts';
import { inspectRow, versionRow } from './start.ts';
import {
  comparedUpdateRow,
  daemonUpdateRow,
  updateOnDevicesRow,
  updateRow,
} from './update-against-rauc.ts';

/** Every row of the benchmark, in the order of the table. */
export const benchRows: readonly BenchRow[] = [
  versionRow,
  inspectRow,
  imageRow,
  mappedImageRow,
  composeRow,
  flashRow,
  flashOnlyRow,
  unchangedRow,
  changedAgentRow,
  changedOemRow,
  changedSmallOemRow,
  matrixRow,
  matrixMemoryRow,
  simulatedBootsRow,
  hashedBootRow,
  biosBootRow,
  uefiBootRow,
  updateRow,
  daemonUpdateRow,
  comparedUpdateRow,
  updateOnDevicesRow,
  agentsUpdateRow,
  pluggedDiskRow,
  pluggedCardRow,
  memoryInUseRow,
  idleProcessorRow,
];
