import { integer, map, size } from './field.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

const poolSchema = (cpuWeight: number, memoryReserved: string) =>
  map({
    cpuWeight: integer(1, 10_000)
      .prefault(cpuWeight)
      .describe("Processor time in relation to the other pool's, where both want it"),
    processors: integer(1, 1024)
      .exactOptional()
      .describe('At most the time of so many processors; without: no limit'),
    memoryReserved: size(0, 1024 * GiB)
      .prefault(memoryReserved)
      .describe('Memory that is not taken from the pool while it uses it'),
    memoryMax: size(64 * MiB, 1024 * GiB)
      .exactOptional()
      .describe('Memory that the pool takes at most'),
  });

/** How the machine is shared (docs/worlds.md#pools). */
export const resourcesSchema = map({
  system: poolSchema(200, '96MiB')
    .prefault({})
    .describe('vmkd and all agents; without memoryMax there is no limit'),
  vm: poolSchema(100, '0B')
    .prefault({})
    .describe("All virtual machines; without memoryMax they leave the system's memoryReserved"),
});
