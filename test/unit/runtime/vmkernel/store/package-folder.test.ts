import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandEnd } from '../../../../../src/runtime/system/command.ts';
import { packageFolder } from '../../../../../src/runtime/vmkernel/store/package-folder.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'twinbank-packages-')), 'store');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const about = { id: 'ovmf', version: '1', name: 'ovmf_1.sqfs', bytes: 6, sha256: 'a1'.repeat(32) };
const key = 'ovmf-a1a1a1a1a1a1a1a1';

function places(end: CommandEnd = { code: 0, output: '' }) {
  const commands: string[] = [];
  let mounts = 'tmpfs /run tmpfs rw 0 0\n';
  const made = packageFolder({
    folder,
    readMounts: () => mounts,
    run: async (program, args) => {
      commands.push([program, ...args].join(' '));
      if (end.code === 0) mounts += `/dev/loop4 ${args.at(-1)} squashfs ro 0 0\n`;
      return end;
    },
  });
  return { made, commands };
}

async function keep(made: ReturnType<typeof places>['made'], one: typeof about & { type: string }) {
  const copy = made.begin(one);
  copy.restart();
  copy.write(Buffer.from('wrong'));
  copy.restart();
  copy.write(Buffer.from('who'));
  copy.write(Buffer.from('le!'));
  return copy.keep();
}

describe('packages in memory', () => {
  it.each([
    ['firmware', 'loop,ro,nosuid,nodev,noexec'],
    ['tools', 'loop,ro,nosuid,nodev'],
  ])('of type %s are mounted read-only, and found again', async (type, options) => {
    const { made, commands } = places();
    const one = { ...about, type };
    expect(made.find(one)).toBeUndefined();
    const opened = { id: 'ovmf', type, version: '1', path: join(folder, key) };
    expect(await keep(made, one)).toEqual(opened);
    const file = join(folder, `${key}.sqfs`);
    expect(readFileSync(file, 'utf8')).toBe('whole!');
    expect(commands).toEqual([`/bin/mount -t squashfs -o ${options} ${file} ${opened.path}`]);
    expect(made.find(one)).toEqual(opened);
    expect(made.find({ ...one, sha256: 'b2'.repeat(32) })).toBeUndefined();
  });

  it('of other types are files, for everybody to read and nobody to write', async () => {
    const { made, commands } = places();
    const { path } = await keep(made, { ...about, type: 'client' });
    expect([readFileSync(path, 'utf8'), commands]).toEqual(['whole!', []]);
    expect(made.find({ ...about, type: 'client' })).toMatchObject({ path });
  });

  it('leave nothing behind that is not right, or cannot be mounted', async () => {
    const { made } = places();
    const copy = made.begin({ ...about, type: 'tools' });
    copy.restart();
    copy.write(Buffer.from('wrong'));
    copy.discard();
    expect(readdirSync(folder)).toEqual([]);
    const failing = places({ code: 32, output: 'mount: invalid argument' }).made;
    await expect(keep(failing, { ...about, type: 'tools' })).rejects.toMatchObject({
      code: 'store.not-mounted',
      message: `store: expected ovmf_1.sqfs to be mounted at ${join(folder, key)}, found exit code 32: mount: invalid argument`,
    });
    expect(existsSync(join(folder, `${key}.sqfs`))).toBe(false);
  });

  it('are not written to a folder that others may write', () => {
    const { made } = places();
    const copy = made.begin({ ...about, type: 'tools' });
    chmodSync(folder, 0o777);
    expect(() => copy.restart()).toThrow(/expected a folder that only its owner may write/);
  });

  it('that memory has no room for say so', () => {
    const { made } = places();
    const copy = made.begin({ ...about, type: 'tools' });
    copy.restart();
    rmSync(join(folder, `${key}.sqfs.new`));
    expect(() => copy.write(Buffer.from('x'))).toThrow(
      'store: expected room in memory for the 6 bytes of ovmf_1.sqfs, found ',
    );
  });
});
