import { describe, expect, it } from 'vitest';
import type { HelperEnd } from '../../../../../src/runtime/system/run-helper.ts';
import { openDatastores } from '../../../../../src/runtime/vmkernel/storage/datastores.ts';
import type { Mount, Volumes } from '../../../../../src/runtime/vmkernel/storage/mounts.ts';
import { openNfsDatastores } from '../../../../../src/runtime/vmkernel/storage/nfs-datastores.ts';
import { nfsUuid } from '../../../../../src/runtime/vmkernel/storage/nfs-mount.ts';
import { parseNfsDatastore } from '../../../../../src/state/nfs-settings.ts';
import { keptNames } from '../../../../support/device-namer.ts';

const share = (name: string, more: object = {}) =>
  parseNfsDatastore({ name, server: '10.0.0.9', path: `/${name}`, ...more }, 'test');
const one = share('nas1');
const path = `/vmfs/volumes/${nfsUuid(one)}`;
/** What was begun without anybody waiting has gone as far as it goes. */
const turns = () => new Promise((done) => setTimeout(done, 5));

/** A host whose server can be away, hang, or be in use. */
function fakeHost() {
  const lines: string[] = [];
  const mounts: Mount[] = [];
  const options: string[] = [];
  const server = { isAway: false, room: async () => ({ capacity: 9, free: 8 }) as Room };
  type Room = { capacity: number; free: number } | undefined;
  const answers = new Map<string, Partial<HelperEnd>>();
  const unmount = (folder: string): void => {
    mounts.splice(0, mounts.length, ...mounts.filter((mount) => mount.path !== folder));
  };
  const volumes: Volumes = {
    folder: '/vmfs/volumes',
    mounts: () => mounts,
    async mount(type, given, device, folder) {
      if (server.isAway) throw new Error(`${device}: could not be mounted: no answer`);
      options.push(`${type} ${given} ${device}`);
      mounts.push({ device, path: folder, isReadOnly: given.includes(',ro') });
    },
    detach: async (folder, force) => {
      lines.push(`detach ${force}`);
      unmount(folder);
    },
    room: () => server.room(),
    link: (name) => void lines.push(`link ${name}`),
    unlink: (name) => void lines.push(`unlink ${name}`),
  };
  const run = async (program: string, args: readonly string[]): Promise<HelperEnd> => {
    const answer = answers.get(program);
    if (program === 'umount' && !answer) unmount(args[0] ?? '');
    return { code: 0, output: Buffer.from(''), error: '', ...answer };
  };
  const { kept, start } = keptNames();
  let tick = (): void => {};
  const port = {
    ...{ run, volumes, namer: start(), line: (text: string) => void lines.push(text) },
    nfs: { resolve: async (name: string) => `192.0.2.${name.length}`, identify: () => {} },
    every: (_ms: number, act: () => void) => {
      tick = act;
    },
  };
  const io = { read: () => Promise.reject(new Error('no disk')), write: async () => {} };
  const datastores = openDatastores({ ...port, io });
  const nfs = openNfsDatastores(port, datastores);
  const look = async (): Promise<void> => {
    tick();
    await turns();
  };
  return { nfs, datastores, kept, lines, mounts, options, server, answers, look };
}

describe('K4: a datastore on a server', () => {
  it('is mounted in the background by version 4.1, and is among the others', async () => {
    const { nfs, datastores, lines, options } = fakeHost();
    nfs.follow([one, share('nas2', { server: 'nas', port: 20_490, readOnly: true })]);
    const [first] = await datastores.list();
    expect(first).toMatchObject({ accessible: false, why: 'it is being mounted' });
    expect(datastores.problems()).toEqual([]);
    await turns();
    const common = 'nfs4 vers=4.1,proto=tcp,hard,noatime,nosuid,nodev,noexec';
    expect(options).toEqual([
      `${common},port=2049,rw 10.0.0.9:/nas1`,
      `${common},port=20490,ro 192.0.2.3:/nas2`,
    ]);
    expect(await datastores.list()).toMatchObject([
      { name: 'nas1', type: 'nfs', accessible: true, why: null, capacity: 9, path },
      { name: 'nas2', accessible: true, why: null },
    ]);
    expect(lines).toEqual([
      'link nas1',
      'link nas2',
      'storage: nas1 (10.0.0.9:/nas1) is there',
      'storage: nas2 (nas port 20490:/nas2) is there',
    ]);
    expect(await nfs.list()).toMatchObject([{ ...one, accessible: true, why: null }, {}]);
  });

  it('is told of while its server is away, and is mounted when that comes', async () => {
    const { nfs, datastores, lines, server, look } = fakeHost();
    server.isAway = true;
    nfs.follow([one]);
    await turns();
    const why = '10.0.0.9:/nas1: could not be mounted: no answer';
    expect(datastores.problems()).toEqual([`datastore nas1: ${why}`]);
    expect(await nfs.list()).toMatchObject([{ name: 'nas1', accessible: false, why }]);
    await look();
    expect(lines).toEqual([`storage: nas1 (10.0.0.9:/nas1) is not mounted: ${why}`]);
    server.isAway = false;
    await look();
    expect(datastores.problems()).toEqual([]);
    expect(lines.at(-1)).toBe('storage: nas1 (10.0.0.9:/nas1) is there');
  });

  it('is inaccessible while its server hangs, with one helper that waits, and comes back', async () => {
    const { nfs, datastores, lines, server, look } = fakeHost();
    nfs.follow([one, share('nas2')]);
    await turns();
    let asked = 0;
    const { room } = server;
    let answer = (): void => {};
    server.room = () => {
      asked++;
      return new Promise((done) => (answer = () => done(undefined)));
    };
    await look();
    await look();
    expect(asked).toBe(2);
    answer();
    await turns();
    expect(lines.at(-1)).toBe(
      'storage: nas2 (10.0.0.9:/nas2) is not accessible: it does not answer',
    );
    expect(datastores.problems()).toEqual(['datastore nas2: it does not answer']);
    server.room = room;
    await look();
    expect(datastores.problems()).toEqual([]);
    expect(lines.at(-1)).toBe('storage: nas2 (10.0.0.9:/nas2) is there');
  });

  it('is found mounted by a vmkd that was started again', async () => {
    const { nfs, datastores, mounts, options } = fakeHost();
    mounts.push({ device: '10.0.0.9:/nas1', path, isReadOnly: false });
    nfs.follow([one]);
    await turns();
    expect(options).toEqual([]);
    expect(await datastores.list()).toMatchObject([{ name: 'nas1', accessible: true }]);
  });

  it('is added where it can be mounted, and leaves nothing where it cannot', async () => {
    const { nfs, datastores, server, kept } = fakeHost();
    server.isAway = true;
    await expect(nfs.add(one)).rejects.toMatchObject({
      code: 'storage.nfs-failed',
      message: '10.0.0.9:/nas1: 10.0.0.9:/nas1: could not be mounted: no answer',
    });
    expect(await datastores.list()).toEqual([]);
    expect(kept.changes).toBe(0);
    server.isAway = false;
    await nfs.add(one);
    expect(await datastores.list()).toMatchObject([{ name: 'nas1', accessible: true }]);
    const again = { code: 'usage', message: expect.stringContaining('that no datastore has') };
    await expect(nfs.add({ ...share('nas2'), path: '/nas1' })).rejects.toMatchObject(again);
    await expect(nfs.add({ ...share('nas2'), name: 'nas1' })).rejects.toMatchObject(again);
  });

  it('is removed, unless somebody uses it, also while its server is away', async () => {
    const { nfs, datastores, lines, answers, mounts } = fakeHost();
    await nfs.add(one);
    answers.set('umount', { code: 1, error: 'umount: can not umount: Device or resource busy' });
    await expect(nfs.remove('nas1')).rejects.toMatchObject({ code: 'storage.busy' });
    expect(mounts).toHaveLength(1);
    answers.set('umount', { code: 124, error: 'umount did not end in 10 s' });
    expect(await nfs.remove('nas1')).toEqual(one);
    expect(lines.slice(-3)).toEqual([
      ...['detach force', 'unlink nas1'],
      'storage: nas1 (10.0.0.9:/nas1) was removed',
    ]);
    expect(await datastores.list()).toEqual([]);
    await expect(nfs.remove('nas1')).rejects.toThrow(/expected a datastore on a server/);
    await nfs.add(one);
  });

  it('is not mounted in a bank without the client, which is said', async () => {
    const { nfs, answers } = fakeHost();
    answers.set('modprobe', { code: 1, error: 'modprobe: module nfs not found' });
    await expect(nfs.add(one)).rejects.toThrow(/this bank has no NFS client: .*not found/);
  });
});
