import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { copyDisk } from '../../src/harness/machine/disk-copy.ts';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { type QemuMachine, startQemu } from '../../src/harness/qemu/qemu.ts';
import { unpackState } from '../../src/state/archive.ts';
import { chooseState } from '../../src/state/choose-state.ts';
import { settingsOfFiles, shownSettings } from '../../src/state/settings.ts';
import { readBankState } from '../../src/state/slots-of-bank.ts';
import { bootTimeoutMs } from '../support/boot.ts';
import { withPartition } from '../support/image-copy.ts';
import { runs } from '../support/soak.ts';

/** Two in each run of the tests, a hundred in `npm run soak`. */
const cuts = runs(2);
/** Long enough for a few saves, so that the power fails before, in and after one. */
const longestMs = 4000;

type Shown = Readonly<Record<string, unknown>>;
const changing = ['hostname', 'syslog', 'ntp', 'security'] as const;
const pick = (settings: Shown): Shown =>
  Object.fromEntries(changing.map((name) => [name, settings[name]]));

/** Starts no agent anew, so that the next one comes as soon as this one is saved. */
const quickChange = (): Shown => ({
  security: {
    ...{ passwordQuality: 'retry=3 min=8,8,8,8,8', lockFailures: randomInt(100) },
    unlockSeconds: randomInt(1, 86_400),
  },
});

function randomChange(): Shown {
  const address = `10.0.${randomInt(256)}.${randomInt(1, 255)}`;
  const changes = [
    { hostname: `esx${randomInt(1_000_000)}` },
    { syslog: { targets: [address] } },
    { ntp: { servers: [address] } },
  ];
  return changes[randomInt(changes.length)]!;
}

/** What the next boot would start from. */
function startsFrom(image: string): Shown {
  return withPartition(image, 5, (device) => {
    const chosen = chooseState(readBankState(device));
    const files = chosen ? unpackState(chosen.saved.content) : [];
    return pick(shownSettings(settingsOfFiles(files)));
  });
}

/** Changes settings, three at once, until the power fails; what the host may be in after that. */
async function changeUntilCut(machine: QemuMachine, before: Shown): Promise<readonly Shown[]> {
  const history = [before];
  let reported = 0;
  let isOn = true;
  const change = async (wanted: Shown): Promise<void> => {
    const number = history.push({ ...history.at(-1), ...wanted }) - 1;
    const answer = (await machine.vmkd.call('config.set', wanted)) as { saved: boolean };
    expect(answer).toMatchObject({ saved: true });
    reported = Math.max(reported, number);
  };
  const changeOn = async (next: () => Shown): Promise<void> => {
    while (isOn) await change(next());
  };
  // What was on its way has no answer any more.
  const all = [quickChange, randomChange, randomChange].map(changeOn);
  const over = Promise.all(all).catch((error: unknown) => {
    if (isOn) throw error;
  });
  await Promise.race([pause(randomInt(longestMs)), over]);
  isOn = false;
  await machine.stop();
  await over;
  return history.slice(reported);
}

it(
  'M4: a host whose power fails while it is configured is back in the last reported state, or a newer one',
  async () => {
    const disk = await copyDisk(inject('images').raw);
    let possible: readonly Shown[] | undefined;
    try {
      for (let cut = 0; cut < cuts; cut++) {
        const options = { ...defaultMachine, image: disk.path, write: true } as const;
        const machine = await startQemu({ ...options, accelerator: 'tcg' });
        try {
          const pattern = /twinbank: ready/;
          const ready = await machine.console.waitFor(pattern, { timeoutMs: bootTimeoutMs });
          expect(ready, `a line like ${pattern} in boot ${cut + 1}`).toHaveProperty('line');
          const found = pick((await machine.vmkd.call('config.get')) as Shown);
          if (possible) expect(possible).toContainEqual(found);
          possible = await changeUntilCut(machine, found);
        } finally {
          await machine.stop();
        }
        expect(possible).toContainEqual(startsFrom(disk.path));
      }
    } finally {
      await disk.remove();
    }
  },
  cuts * 240_000,
);
