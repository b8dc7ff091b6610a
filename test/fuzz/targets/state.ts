import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { selfSigned } from '../../../src/hostcore/tls/self-signed.ts';
import { packState, unpackState } from '../../../src/state/archive.ts';
import type { Settings } from '../../../src/state/setting-rows.ts';
import { carriedOf, filesOfSettings, settingsOfFiles } from '../../../src/state/settings.ts';
import { decodeSlot, encodeSlot } from '../../../src/state/slot.ts';
import { mutateBytes } from '../byte-mutations.ts';
import { mutateJson } from '../json-mutations.ts';
import { assertSame, fails } from '../oracle.ts';
import type { Random } from '../random.ts';
import { mendTar, mutateTar } from '../tar-mutations.ts';
import { type FuzzTarget, refusedAs, taken, takenAs } from '../target.ts';

// With a key of its own in each run; nothing of it is looked at.
const settings: Settings = {
  tls: selfSigned({ hostName: 'esx1.lab', addresses: [] }, new Uint8Array(16)),
  hostname: 'esx1.lab',
  rootPasswordHash: '!',
  network: {
    ...{ mode: 'static', address: '10.0.0.2', prefix: 8, router: '10.0.0.1', dns: ['1.1.1.1'] },
    interface: 'eth0',
  },
  syslog: { targets: ['[fe80::1]:514', 'log.lab'] },
  ntp: { servers: ['10.0.0.1'] },
  devices: { names: { vmnic0: 'pci0000:00/03.0' } },
  nfs: {
    datastores: [{ name: 'nfs1', server: 'nas', port: 2049, path: '/vm', readOnly: false }],
  },
  datastoreNames: { names: { datastore1: '7d0f0b6e-0000-4000-8000-000000000001' } },
  resources: { vm: { cpuWeight: 50, memoryMax: null }, swap: { datastore: 'datastore1' } },
  accounts: {
    users: [{ name: 'amy', uid: 1000, gid: 100, fullName: 'Amy', hash: '!' }],
    groups: [{ name: 'ops', gid: 1000, members: ['amy'] }],
    members: { localadmin: ['amy'], users: [] },
    passwords: {},
  },
  security: { passwordQuality: 'retry=3 min=8,8,8,8,8', lockFailures: 0, unlockSeconds: 1 },
  authorization: {
    roles: [{ id: 1, name: 'Operator', privileges: ['System.View'] }],
    permissions: [{ entity: 'vm-1', principal: 'amy', group: false, role: 1, propagate: true }],
  },
  listeners: { https: { enabled: true, allowed: ['10.0.0.0/8', 'fe80::1'] } },
};
const archives = (): Uint8Array[] => [
  packState(filesOfSettings(settings)),
  packState(filesOfSettings({ hostname: 'a', network: { mode: 'dhcp' } })),
  packState([]),
  packState([{ path: 'etc/vmware/later.json', bytes: Buffer.from('{}') }]),
];

export const stateSlot: FuzzTarget = {
  name: 'state-slot',
  seeds: () =>
    archives().map((content, at) =>
      encodeSlot({ generation: 3 + at * 2 ** 40, schema: 1 + at, content }),
    ),
  mutate(input, random, other) {
    const bytes = Buffer.from(
      mutateBytes(input, random, other, {
        tokens: ['TWBS'],
        place: (one, length) => one.below(one.once(2) ? 64 : length),
      }),
    );
    if (random.once(4) || bytes.length < 512) return bytes;
    const content = bytes.subarray(512, 512 + bytes.readUInt32LE(16));
    bytes.set(createHash('sha256').update(bytes.subarray(0, 20)).update(content).digest(), 20);
    return bytes;
  },
  run(input) {
    const reading = decodeSlot(input);
    if (!reading.ok) return refusedAs(reading.reason.replace(/, found.*|\d+/g, ''));
    const again = encodeSlot(reading.saved);
    const length = 512 + reading.saved.content.length;
    assertSame(again.subarray(0, 52), input.subarray(0, 52), 'another header');
    assertSame(again.subarray(512, length), input.subarray(512, length), 'another content');
    return taken;
  },
};

export const stateArchive: FuzzTarget = {
  name: 'state-archive',
  seeds: archives,
  // What unpacks to a thousand times its size.
  traps: () => [gzipSync(new Uint8Array(2 ** 26)), gzipSync(new Uint8Array(2 ** 20))],
  mutate: mutateArchive,
  run(input) {
    const files = unpackState(input);
    const read = settingsOfFiles(files);
    // What is saved next is what was read.
    const carried = carriedOf(files);
    const saved = unpackState(packState([...filesOfSettings(read), ...carried]));
    const again = settingsOfFiles(saved);
    if (sorted(again) !== sorted(read)) fails('settings that do not survive a save');
    if (carriedOf(saved).length !== carried.length) fails('files of a later version that are lost');
    return takenAs(Object.keys(read).sort().join());
  },
  quotes: true,
};

/** Files may come in any order. */
function sorted(read: Partial<Settings>): string {
  return JSON.stringify(Object.entries(read).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Most often the tar in it, or the JSON in that, in a right gzip. */
function mutateArchive(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  if (random.once(8)) return mutateBytes(input, random, other);
  const [tar, spare] = [unzipped(input), unzipped(other)];
  if (!tar || !spare) return mutateBytes(input, random, other);
  const changed = random.once(3)
    ? mutateBytes(tar, random, spare, {
        record: 512,
        tokens: ['etc/shadow', '../', 'VERSION', '\0', 'ustar'],
      })
    : mutateTar(tar, random, spare, mutateSetting);
  if (!random.once(8)) mendTar(changed);
  return gzipSync(changed, { level: 1 });
}

function mutateSetting(content: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const words = [
    'dhcp',
    'static',
    '10.0.0.1',
    '::1',
    '[fe80::1]:514',
    'a.b',
    '255.255.255.255',
    'servers',
    'dns',
    'System.View',
    'ha-folder-root',
  ];
  const tokens = [...words, '\n', ':', 'root:', '$6$', '!', '.', '-', ' '];
  return content[0] === 0x7b
    ? mutateJson(content, random, other, words)
    : mutateBytes(content, random, other, { tokens, longest: 2000 });
}

function unzipped(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: 2 ** 18 });
  } catch {
    return undefined;
  }
}
