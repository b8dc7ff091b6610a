import { spawn } from 'node:child_process';
import { getEventListeners } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'fflate';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Screen } from '../../../../../src/cli/command.ts';
import { packState, unpackState } from '../../../../../src/state/archive.ts';
import type { Settings } from '../../../../../src/state/setting-rows.ts';
import { filesOfSettings, settingsOfFiles } from '../../../../../src/state/settings.ts';
import { encodeSlot, maxContentBytes, slotNames } from '../../../../../src/state/slot.ts';
import { packTar } from '../../../../../src/state/tar.ts';
import { changedBytes } from '../../../../support/changed-bytes.ts';
import { attachLoop, detachLoop } from '../../../../support/loop-device.ts';
import { ownDevice } from '../../../../support/own-device.ts';
import { writeSparse } from '../../../../support/sparse-file.ts';
import { type SmallImage, smallImage } from '../../../bootloader/small-image.ts';
import { runHere, sink } from '../../host.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-state-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
});

const twinbank = (...argv: string[]) => runHere(argv, { host: { cwd: folder } });
const backup = (...argv: string[]) => twinbank('state', 'backup', ...argv);
const restore = (...argv: string[]) => twinbank('state', 'restore', ...argv);
const at = (name: string) => join(folder, name);

function write(name: string, change: (image: SmallImage) => void = () => {}): string {
  const image = smallImage();
  change(image);
  writeSparse(at(name), image.bytes);
  return name;
}

const stateOf = (settings: Partial<Settings>) => packState(filesOfSettings(settings));

function save(image: SmallImage, bank: number, slot: 1 | 2, generation: number, hostname: string) {
  const bytes = encodeSlot({ generation, schema: 1, content: stateOf({ hostname }) });
  image.edit(bank, (volume) => volume.overwrite(slotNames[slot - 1]!, 0, bytes));
}

const settingsIn = (name: string) => settingsOfFiles(unpackState(readFileSync(at(name))));

describe('state backup', () => {
  it('writes what the next boot would start from, the newest of both banks', async () => {
    const image = write('a.img', (one) => {
      save(one, 5, 1, 3, 'old');
      save(one, 6, 2, 4, 'newest');
    });
    const { code, stdout } = await backup(image, 'a.tgz');
    expect(stdout).toBe('a.tgz: generation 4 of bank 6: etc/hostname\n');
    expect(code).toBe(0);
    expect(settingsIn('a.tgz')).toEqual({ hostname: 'newest' });
    const json = JSON.parse((await backup(image, 'b.tgz', '--json')).stdout);
    expect(json).toEqual({
      schemaVersion: 1,
      image,
      file: 'b.tgz',
      bank: 6,
      generation: 4,
      bytes: readFileSync(at('a.tgz')).length,
      files: ['etc/hostname'],
    });
  });

  it('writes what the bank itself has where the other one was rolled back', async () => {
    const image = write('r.img', (one) => {
      one.mark(5, { bootstate: '3', verdict: 'R' });
      save(one, 5, 1, 9, 'rolled-back');
      save(one, 6, 1, 4, 'own');
    });
    const { stdout } = await backup(image, 'r.tgz');
    expect(stdout).toContain('generation 4 of bank 6');
  });

  it('writes what there is where no bank boots, as then it is needed most', async () => {
    const image = write('stuck.img', (one) => {
      one.mark(5, { bootstate: '3', verdict: 'R' });
      one.mark(6, { bootstate: '3', verdict: 'T' });
      save(one, 5, 1, 9, 'rolled-back');
      save(one, 6, 1, 4, 'own');
    });
    expect((await backup(image, 'stuck.tgz')).stdout).toContain('generation 4 of bank 6');
  });

  it('lets nobody else read the file, and leaves nothing beside it', async () => {
    const image = write('m.img', (one) => save(one, 5, 1, 3, 'host'));
    await backup(image, 'm.tgz');
    expect(statSync(at('m.tgz')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['m.img', 'm.tgz']);
  });

  it('is written into what is no plain file, which stays what it is', async () => {
    const image = write('s.img', (one) => save(one, 5, 1, 3, 'host'));
    const device = ownDevice('null', folder);
    const { code, stdout } = await backup(image, device);
    expect([code, stdout]).toEqual([0, `${device}: generation 3 of bank 5: etc/hostname\n`]);
    expect(statSync(device).isCharacterDevice()).toBe(true);
    const { code: missing } = await backup(image, '/dev/twinbank-none');
    expect(missing).toBe(8);
  });

  it('goes on no disk, least of all the one that it is read from', async ({ skip }) => {
    const image = write('d.img', (one) => save(one, 5, 1, 3, 'host'));
    const device = attachLoop(at(image));
    if (device === undefined) return skip();
    onTestFinished(() => detachLoop(device));
    const { code, stderr } = await backup(device, device, '--yes');
    expect([code, stderr]).toEqual([8, expect.stringContaining('found a block device')]);
    expect(readFileSync(device).equals(readFileSync(at(image)))).toBe(true);
  });

  it('stops listening for a signal once standard output has the archive', async () => {
    const image = write('disk.img', (made) => save(made, 5, 1, 3, 'host'));
    const { signal } = new AbortController();
    const argv = ['state', 'backup', image, '-'];
    expect((await runHere(argv, { host: { cwd: folder, signal } })).code).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('goes to a pipe as it is, and to no terminal', async () => {
    const image = write('p.img', (one) => save(one, 5, 1, 3, 'host'));
    const chunks: Buffer[] = [];
    const stream = Object.assign(new PassThrough(), {}) as Screen;
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const argv = ['state', 'backup', image, '-'];
    expect((await runHere(argv, { host: { cwd: folder, stdout: stream } })).code).toBe(0);
    expect(Buffer.compare(Buffer.concat(chunks), stateOf({ hostname: 'host' }))).toBe(0);
    const terminal = sink({ isTTY: true });
    const refused = await runHere(argv, { host: { cwd: folder, stdout: terminal.stream } });
    expect([refused.code, terminal.text()]).toEqual([8, '']);
    expect((await backup(image, '-', '--json')).code).toBe(2);
  });

  it('ends with 8 where nothing was saved, and writes no file', async () => {
    const { code, stdout, stderr } = await backup(write('n.img'), 'n.tgz');
    expect([code, stdout]).toEqual([8, '']);
    expect(stderr).toContain(
      'n.img: expected a state in bank 5 or one that it takes over, found none',
    );
    expect(existsSync(at('n.tgz'))).toBe(false);
    const json = JSON.parse((await backup('n.img', 'n.tgz', '--json')).stdout);
    expect(json.error.code).toBe('state.none');
  });

  it('replaces a file that is there with --yes only, and never the image', async () => {
    const image = write('y.img', (one) => save(one, 5, 1, 3, 'host'));
    writeFileSync(at('y.tgz'), 'precious');
    const { code, stderr } = await backup(image, 'y.tgz');
    expect(code).toBe(8);
    expect(stderr).toContain('--yes replaces it');
    expect(readFileSync(at('y.tgz'), 'utf8')).toBe('precious');
    expect((await backup(image, 'y.tgz', '--yes')).code).toBe(0);
    expect(settingsIn('y.tgz')).toEqual({ hostname: 'host' });
    expect((await backup(image, image, '--yes')).code).toBe(8);
    expect((await backup(image, 'none/y.tgz')).code).toBe(5);
  });

  it('ends with 6 for a state that is no archive', async () => {
    const image = write('d.img', (one) => {
      const content = Buffer.from('no archive');
      const bytes = encodeSlot({ generation: 3, schema: 1, content });
      one.edit(5, (volume) => volume.overwrite('state1.slt', 0, bytes));
    });
    expect((await backup(image, 'd.tgz')).code).toBe(6);
    expect(existsSync(at('d.tgz'))).toBe(false);
  });
});

describe('state restore', () => {
  it('makes another host start from what was backed up, and says where it is', async () => {
    const from = write('from.img', (one) => save(one, 5, 1, 3, 'moved'));
    const to = write('to.img', (one) => save(one, 6, 1, 7, 'before'));
    await backup(from, 'host.tgz');
    const { code, stdout } = await restore(to, 'host.tgz');
    expect(stdout).toBe('bank 5: the state of host.tgz is saved as generation 8: etc/hostname\n');
    expect(code).toBe(0);
    expect((await backup(to, 'again.tgz')).stdout).toContain('generation 8 of bank 5');
    expect(settingsIn('again.tgz')).toEqual({ hostname: 'moved' });
    expect((await restore(to, 'host.tgz')).stdout).toContain('is already there as generation 8');
  });

  it("M5: leaves another host's names of devices out, and keeps those of the disk's own host", async () => {
    const names = (vmnic0: string, more = {}) => ({ devices: { names: { vmnic0, ...more } } });
    const own = { hostname: 'before', ...names('pci-0000:02:00.0') };
    const to = write('to.img', (one) => {
      const bytes = encodeSlot({ generation: 3, schema: 2, content: stateOf(own) });
      one.edit(5, (volume) => volume.overwrite('state1.slt', 0, bytes));
    });
    const foreign = { hostname: 'moved', ...names('pci-0000:00:03.0', { vmnic7: 'pci-7' }) };
    writeFileSync(at('host.tgz'), stateOf(foreign));
    const lost = [
      'devices: vmnic0 is pci-0000:02:00.0 here (it was pci-0000:00:03.0)',
      'devices: this host has no vmnic7 (it was pci-7)',
    ];
    const { code, stdout } = await restore(to, 'host.tgz');
    expect([code, stdout.split('\n').slice(1)]).toEqual([
      0,
      [...lost.map((why) => `not applied: ${why}`), ''],
    ]);
    await backup(to, 'again.tgz');
    expect(settingsIn('again.tgz')).toEqual({ ...own, hostname: 'moved' });
    // A disk that no host has named devices from has none, until its host does.
    const fresh = write('fresh.img');
    const json = JSON.parse((await restore(fresh, 'host.tgz', '--json')).stdout);
    expect(json).toMatchObject({
      files: ['etc/hostname'],
      notApplied: [
        'devices: this host has no vmnic0 (it was pci-0000:00:03.0)',
        'devices: this host has no vmnic7 (it was pci-7)',
      ],
    });
  });

  it('writes to one slot of the bank that boots next and nowhere else', async () => {
    const image = write('one.img', (one) => one.mark(6, { updated: 9 }));
    const before = readFileSync(at(image));
    writeFileSync(at('host.tgz'), stateOf({ hostname: 'moved' }));
    const json = JSON.parse((await restore(image, 'host.tgz', '--json')).stdout);
    expect(json).toMatchObject({ bank: 6, generation: 1, slot: 'state1.slt', wrote: true });
    const after = readFileSync(at(image));
    const changed = changedBytes(before, after);
    expect(changed.length).toBeGreaterThan(100);
    expect(changed.at(-1)! - changed[0]!).toBeLessThan(2048);
  });

  it.each<[string, () => Uint8Array, string, number]>([
    ['garbage', () => Buffer.from('hello'), 'bad.tgz: state: expected a tar.gz', 6],
    ['half a backup', () => stateOf({ hostname: 'a' }).subarray(0, 80), 'bad.tgz: state:', 6],
    [
      'a value that is wrong',
      () => packState([{ path: 'etc/hostname', bytes: Buffer.from('-x\n') }]),
      'bad.tgz: hostname: expected a host name',
      6,
    ],
    [
      'a file that is not of a state',
      () =>
        gzipSync(
          packTar([
            { path: 'VERSION', mode: 0o644, bytes: Buffer.from('1\n') },
            { path: 'etc/passwd', mode: 0o644, bytes: Buffer.from('root::0:0::/:/bin/sh\n') },
          ]),
        ),
      'found "etc/passwd"',
      6,
    ],
    [
      'one that is too large',
      () => Buffer.alloc(maxContentBytes + 1),
      'bad.tgz: expected at most 261632 bytes, found more',
      6,
    ],
  ])('refuses %s by name, before anything is written', async (_what, bytes, sentence, code) => {
    const image = write('kept.img', (one) => save(one, 5, 1, 3, 'host'));
    const before = readFileSync(at(image));
    writeFileSync(at('bad.tgz'), bytes());
    const result = await restore(image, 'bad.tgz');
    expect(result.stderr).toContain(sentence);
    expect(result.code).toBe(code);
    expect(readFileSync(at(image)).equals(before)).toBe(true);
  });

  it('ends with 5 for a file that is not there, and with 8 where no bank boots', async () => {
    const image = write('stuck.img', (one) => {
      for (const bank of [5, 6]) one.mark(bank, { bootstate: '3', verdict: 'T' });
    });
    expect((await restore(image, 'none.tgz')).code).toBe(5);
    writeFileSync(at('host.tgz'), stateOf({ hostname: 'moved' }));
    const { code, stderr } = await restore(image, 'host.tgz');
    expect(code).toBe(8);
    expect(stderr).toContain('expected a bank that boots');
  });

  it('ends with 6 in a bank that has no slots, and leaves it as it is', async () => {
    const image = write('older.img', (one) =>
      one.edit(5, (volume) => {
        for (const name of slotNames) volume.remove(name);
      }),
    );
    const before = readFileSync(at(image));
    writeFileSync(at('host.tgz'), stateOf({ hostname: 'moved' }));
    const { code, stderr } = await restore(image, 'host.tgz');
    expect(code).toBe(6);
    expect(stderr).toContain('expected two slots of 262144 bytes in the bank');
    expect(readFileSync(at(image)).equals(before)).toBe(true);
  });

  it('waits for the lock that others hold', async () => {
    const image = write('locked.img');
    writeFileSync(at('host.tgz'), stateOf({ hostname: 'moved' }));
    const holder = spawn('flock', [at(image), 'sh', '-c', 'echo held; sleep 1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const begun = performance.now();
    expect((await restore(image, 'host.tgz')).code).toBe(0);
    expect(performance.now() - begun).toBeGreaterThan(500);
  });
});

describe('inspect', () => {
  it('shows what each bank has saved, and which slot is damaged', async () => {
    const image = write('i.img', (one) => {
      save(one, 5, 1, 3, 'old');
      save(one, 5, 2, 4, 'host');
      save(one, 6, 1, 2, 'torn');
      one.edit(6, (volume) => volume.overwrite('state1.slt', 600, new Uint8Array(3)));
    });
    const bytes = stateOf({ hostname: 'host' }).length;
    const { stdout } = await twinbank('inspect', image);
    expect(stdout).toContain(`\n  state: generation 4, ${bytes} bytes\n`);
    expect(stdout).toContain('\n  state: none saved; state1.slt is damaged\n');
    const { banks } = JSON.parse((await twinbank('inspect', image, '--json')).stdout);
    expect(banks[0].stateSlots).toEqual([
      { name: 'state1.slt', generation: 3, bytes: expect.any(Number), ok: true },
      { name: 'state2.slt', generation: 4, bytes, ok: true },
    ]);
    expect(banks[1].stateSlots).toEqual([
      { name: 'state1.slt', generation: 0, bytes: 0, ok: false },
      { name: 'state2.slt', generation: 0, bytes: 0, ok: true },
    ]);
    expect(banks[0].state).toBe('VALID');
  });

  it('says so where a bank has no slots', async () => {
    const image = write('none.img', (one) =>
      one.edit(6, (volume) => {
        for (const name of slotNames) volume.remove(name);
      }),
    );
    expect((await twinbank('inspect', image)).stdout).toContain('\n  state: no slots\n');
  });
});
