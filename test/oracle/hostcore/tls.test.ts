import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isSelfMade, selfSigned } from '../../../src/hostcore/tls/self-signed.ts';
import { tls } from '../../../src/state/tls-setting.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tls-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const names = { hostName: 'esx1.lab', addresses: ['10.0.2.15', '2001:db8::1:0:5', '::1'] };

judgedBy(['openssl'], () => {
  it("a host's own certificate is right for openssl, with all its names", () => {
    const { certificate, key } = selfSigned(names, new Uint8Array(16).fill(0xff));
    writeFileSync(at('rui.crt'), certificate);
    writeFileSync(at('rui.key'), key);
    const text = judge('openssl', ['x509', '-in', at('rui.crt'), '-noout', '-text']);
    expect(text).toContain('Version: 3 (0x2)');
    expect(text).toContain('Signature Algorithm: ecdsa-with-SHA256');
    expect(text).toContain('ASN1 OID: prime256v1');
    expect(text).toContain('CA:FALSE');
    expect(text).toContain('TLS Web Server Authentication');
    expect(text).toMatch(
      /DNS:esx1\.lab, IP Address:10\.0\.2\.15, IP Address:2001:DB8:0:0:0:1:0:5, IP Address:0:0:0:0:0:0:0:1/,
    );
    const trusted = ['-trusted', at('rui.crt'), '-purpose', 'sslserver'];
    for (const wanted of [
      ['-verify_hostname', 'esx1.lab'],
      ['-verify_ip', '10.0.2.15'],
      ['-verify_ip', '2001:db8::1:0:5'],
    ]) {
      judge('openssl', ['verify', ...trusted, ...wanted, at('rui.crt')]);
    }
    expect(judge('openssl', ['pkey', '-in', at('rui.key'), '-pubout'])).toBe(
      judge('openssl', ['x509', '-in', at('rui.crt'), '-noout', '-pubkey']),
    );
  });

  it("what openssl makes is taken as an administrator's, and its key in each form", () => {
    const subject = ['-subj', '/CN=esx1.lab', '-days', '3650', '-nodes'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    judge('openssl', [
      'req',
      '-x509',
      ...curve,
      '-keyout',
      at('a.key'),
      '-out',
      at('a.crt'),
      ...subject,
    ]);
    const certificate = judge('openssl', ['x509', '-in', at('a.crt')]);
    expect(isSelfMade({ certificate })).toBe(false);
    const forms = [['pkey'], ['ec']].map((form) => judge('openssl', [...form, '-in', at('a.key')]));
    for (const key of forms) expect(tls.parse({ certificate, key })).toEqual({ certificate, key });
    const secret = judge('openssl', ['pkey', '-in', at('a.key'), '-aes256', '-passout', 'pass:x']);
    expect(() => tls.parse({ certificate, key: secret })).toThrow('without a passphrase');
  });
});

it('a TLS client that trusts it reaches the host by its name', async () => {
  const { certificate, key } = selfSigned(names, new Uint8Array(16).fill(1));
  const server = createServer({ cert: certificate, key }, (socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const options = { host: '127.0.0.1', port, ca: certificate, servername: 'esx1.lab' };
    const client = connect(options);
    const [data] = await once(client, 'data');
    expect(String(data)).toBe('hello');
    client.destroy();
  } finally {
    server.close();
  }
});
