import { beforeEach, describe, expect, it } from 'vitest';
import { type TlsService, tlsService } from '../../../../src/hostcore/tls/tls-service.ts';
import { readCertificate } from '../../../../src/state/tls-setting.ts';
import { type MemoryBoot, type MemoryHost, memoryHost } from '../memory-host.ts';
import { foreignIdentity } from './foreign-identity.ts';

let host: MemoryHost;
let boot: MemoryBoot;
let service: TlsService;
let names: { hostName: string; addresses: string[] };
let changes: number;
beforeEach(async () => {
  host = memoryHost();
  boot = host.boot(5);
  await boot.keeper.restore();
  names = { hostName: 'esx1.lab', addresses: ['10.0.2.15'] };
  changes = 0;
  let serial = 1;
  service = tlsService({
    keeper: boot.keeper,
    configuration: boot.configuration,
    names: () => names,
    random: (bytes) => new Uint8Array(bytes).fill(serial++),
    onChange: () => void changes++,
  });
});
const held = () => boot.configuration.read().settings.tls!;
const call = async (method: string, params: object = {}) =>
  (await service.methods[method]!({ ...params })) as Record<string, unknown>;

describe("a host's certificate", () => {
  it('is made once, for its name and addresses, and saved', async () => {
    expect(await service.renew()).toEqual({ saved: true, generation: 1 });
    expect(await service.renew()).toBeUndefined();
    expect(changes).toBe(1);
    const { key } = held();
    const shown = await call('tls.get');
    expect(shown).toMatchObject({
      names: 'DNS:esx1.lab, IP Address:10.0.2.15',
      selfMade: true,
      sha256: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    });
    expect(JSON.stringify(shown)).not.toContain(key.split('\n')[1]);
    expect(host.startsFrom(6)!.settings.tls).toEqual(held());
  });

  it('is renewed with the same key when the host is called or reached by another name', async () => {
    await service.renew();
    const { key } = held();
    names = { hostName: 'esx2.lab', addresses: ['10.0.2.16', '2001:db8::5'] };
    expect(await service.renew()).toMatchObject({ saved: true });
    expect(held().key).toBe(key);
    const read = readCertificate(held().certificate)!;
    expect(read.checkHost('esx2.lab')).toBe('esx2.lab');
    expect(read.checkIP('2001:db8::5')).toBe('2001:db8::5');
    expect(read.checkHost('esx1.lab')).toBeUndefined();
  });

  it('stays when an address is not there for a while', async () => {
    await service.renew();
    names = { hostName: 'esx1.lab', addresses: [] };
    expect(await service.renew()).toBeUndefined();
  });

  it('that an administrator has put there stays, until it is taken back', async () => {
    await service.renew();
    const { key } = held();
    expect(await call('tls.set', foreignIdentity)).toMatchObject({ saved: true });
    names = { hostName: 'esx9', addresses: ['10.9.9.9'] };
    expect(await service.renew()).toBeUndefined();
    expect(held()).toEqual(foreignIdentity);
    expect(await call('tls.get')).toMatchObject({ selfMade: false });
    await call('tls.reset');
    expect([foreignIdentity.key, key]).not.toContain(held().key);
    expect(await call('tls.get')).toMatchObject({ selfMade: true });
  });

  it.each([{}, { certificate: 'x', key: 'y' }, { certificate: 7, key: 7 }])(
    'is not replaced by what is none: %j',
    async (params) => {
      await service.renew();
      const before = held();
      await expect(call('tls.set', params)).rejects.toMatchObject({ code: 'usage' });
      expect(held()).toEqual(before);
    },
  );

  it('is none before the first was made', async () => {
    await expect(call('tls.get')).rejects.toMatchObject({ code: 'tls.none' });
  });
});
