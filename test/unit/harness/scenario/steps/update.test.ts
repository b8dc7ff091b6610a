import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SimMachine } from '../../../../../src/harness/sim/sim-machine.ts';
import { writeSparse } from '../../../../support/sparse-file.ts';
import { builds, bundleOf } from '../../../update/cut-builds.ts';
import { cutHost } from '../../../update/cut-host.ts';
import { runOnFakes } from '../../run/run-on-fakes.ts';
import { folderOf, runsOf } from '../scenario-folder.ts';

/** Plays steps on a simulated host with 1.1.0 in bank 5, and with the bundle of the version before. */
async function play(...steps: string[]) {
  const folder = folderOf({});
  const path = (name: string): string => join(folder, name);
  writeSparse(path('host.img'), cutHost({ bankMebibytes: 8 }).image);
  writeFileSync(path('older.tbu'), await bundleOf(builds.before));
  const lines = ['build', 'flash', 'bundle', ...steps].map((step) => `  - ${step}\n`);
  return runOnFakes(runsOf(`description: A test\nsteps:\n${lines.join('')}`), {
    makeMachine: async () => new SimMachine({ now: () => 0 }),
    artifactStore: {
      image: async () => ({ path: path('host.img'), build: builds.current.name }),
      bundle: async () => ({ path: path('older.tbu'), build: builds.before.name }),
      disk: async () => ({
        path: path('host.img'),
        summary: { bytes: 0, partitions: [], banks: [], next: null },
      }),
    },
  });
}

const refused =
  'update: { refused: "expected build 1.1.0-110 or newer, as the host has it, found 1.0.0-100" }';

test.each([
  ['of a machine that is off', []],
  ['of a machine that runs', ['boot']],
])('goes back %s only where the scenario allows it', async (_what, on) => {
  const { failures, record } = await play(...on, refused, 'update: { allow-older: true }');
  expect(failures).toEqual([]);
  const found = record.scenarios[0]?.attempts[0]?.steps.at(-1)?.found;
  expect(found).toBe('updated: 1.1.0-110 -> 1.0.0-100, bank 6');
});
