import { describe, expect, it } from 'vitest';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { hostDiskOf } from '../../../src/harness/machine/host-disk.ts';
import { applyUpdate, type TaskChannel, type TaskHost } from '../../../src/hostcore/update-task.ts';
import { cutHost, keptBank } from '../update/cut-host.ts';
import { webServer } from '../update/source/web-server.ts';

const never = () => new Promise<never>(() => {});

function channel(more: Partial<TaskChannel> = {}) {
  const deeds: string[] = [];
  const made: TaskChannel = {
    progress: () => {},
    journal: () => {},
    nextChunk: never,
    freeBanks: () => void deeds.push('free'),
    takeBanks: async () => void deeds.push('take'),
    ...more,
  };
  return { made, deeds };
}

function host(more: Partial<TaskHost> = {}): TaskHost {
  const disk = hostDiskOf(memoryDevice(cutHost({ bankMebibytes: 8 }).image));
  const openFile = () => {
    throw new Error('nobody asked for a file');
  };
  return { disk, running: keptBank, openFile, chunkTimeout: never, ...more };
}

describe('an update', () => {
  it('that must be refused asks no server for its bundle', async () => {
    const server = await webServer([() => {}]);
    const disk = { banks: [], store: undefined, dropCaches: async () => {} };
    const { made, deeds } = channel();
    const applied = applyUpdate(
      { origin: { from: 'url', url: server.url }, allowOlder: false },
      host({ disk }),
      made,
    );
    await expect(applied).rejects.toMatchObject({ code: 'update.running-bank' });
    expect(server.requests).toEqual([]);
    expect(deeds).toEqual([]);
  });

  it('gives the banks to others for as long as a server is silent', async () => {
    const stop = new AbortController();
    const { made, deeds } = channel();
    const server = await webServer([
      () => {
        deeds.push('asked');
        stop.abort(new Error('stopped'));
      },
    ]);
    const applied = applyUpdate(
      { origin: { from: 'url', url: server.url }, allowOlder: false },
      host(),
      made,
      stop.signal,
    );
    await expect(applied).rejects.toThrow('stopped');
    expect(deeds).toEqual(['free', 'asked', 'take']);
  });

  it('ends where its caller sends nothing any more', async () => {
    const { made, deeds } = channel();
    const applied = applyUpdate(
      { origin: { from: 'caller' }, allowOlder: false },
      host({ chunkTimeout: async () => {} }),
      made,
    );
    await expect(applied).rejects.toMatchObject({ kind: 'io', code: 'update.stalled' });
    expect(deeds).toEqual(['free', 'take']);
  });
});
