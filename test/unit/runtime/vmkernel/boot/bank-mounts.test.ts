import { describe, expect, it } from 'vitest';
import { bankFolders, bankMounts } from '../../../../../src/runtime/vmkernel/boot/bank-mounts.ts';

/** A system that mounts what it is told to, and notes it. */
function system(fail: (command: string) => string | undefined = () => undefined) {
  const events: string[] = [];
  const mounted = new Map<string, string>();
  const mounts = bankMounts({
    remountMs: 0,
    makeFolder: (path) => void events.push(`mkdir ${path}`),
    readMounts: () => [...mounted].map(([folder, device]) => `${device} ${folder} vfat`).join('\n'),
    run: async (program, args) => {
      const [command = ''] = program.split('/').slice(-1);
      const folder = args.at(-1) ?? '';
      const output = fail(`${command} ${folder}`);
      if (output !== undefined) return { code: 1, output };
      if (command === 'mount') mounted.set(folder, args.at(-2) ?? '');
      else mounted.delete(folder);
      events.push(`${command} ${folder}`);
      return { code: 0, output: '' };
    },
    report: (why) => void events.push(why),
  });
  return { mounts, mounted, events };
}

const folders = bankFolders('/dev/vda5', '/dev/vda6', '/dev/vda8');
const all = ['/bootbank', '/altbootbank', '/store'];

describe('K3: the banks and the store in the file system', () => {
  it('leave out what the disk has not', () => {
    expect(bankFolders('/dev/vda5', undefined, undefined)).toEqual([
      { folder: '/bootbank', device: '/dev/vda5' },
    ]);
  });

  it('are mounted, each at its folder', async () => {
    const { mounts, mounted } = system();
    await mounts.show(folders);
    expect([...mounted]).toEqual([
      ['/bootbank', '/dev/vda5'],
      ['/altbootbank', '/dev/vda6'],
      ['/store', '/dev/vda8'],
    ]);
  });

  it('are mounted anew after their device was written, the others are not touched', async () => {
    const { mounts, events } = system();
    await mounts.show(folders);
    events.length = 0;
    mounts.refresh('/dev/vda5');
    mounts.refresh('/dev/vda9');
    await expect
      .poll(() => events)
      .toEqual(['umount /bootbank', 'mkdir /bootbank', 'mount /bootbank']);
  });

  it('are not mounted while all of them are written, and are again afterwards', async () => {
    const { mounts, mounted } = system();
    await mounts.show(folders);
    const seen: string[][] = [];
    await mounts.without(async () => {
      mounts.refresh('/dev/vda5');
      await mounts.without(() => void seen.push([...mounted.keys()]));
      seen.push([...mounted.keys()]);
    });
    expect(seen).toEqual([[], []]);
    await expect.poll(() => [...mounted.keys()]).toEqual(all);
  });

  it('are mounted again after work that failed', async () => {
    const { mounts, mounted } = system();
    await mounts.show(folders);
    await expect(mounts.without(() => Promise.reject(new Error('torn')))).rejects.toThrow('torn');
    await expect.poll(() => [...mounted.keys()]).toEqual(all);
  });

  it('say what cannot be mounted, and go on with the others', async () => {
    const { mounts, mounted, events } = system((command) =>
      command === 'mount /altbootbank' ? 'invalid argument' : undefined,
    );
    await mounts.show(folders);
    expect([...mounted.keys()]).toEqual(['/bootbank', '/store']);
    expect(events).toContain(
      '/altbootbank: expected /dev/vda6 to be mounted, found invalid argument',
    );
  });
});
