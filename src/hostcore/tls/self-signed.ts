import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { der, generalizedTime, oid, pem, sequence } from '../../protocol/der.ts';
import { readCertificate, type TlsIdentity } from '../../state/tls-setting.ts';

/** By this a host knows its own work again. */
const unit = 'made by the host itself';

/** Who a certificate is for. */
export interface TlsNames {
  readonly hostName: string;
  /** IPv4 and IPv6, without a zone. */
  readonly addresses: readonly string[];
}

/**
 * A certificate that signs itself: ECDSA P-256 with SHA-256 (RFC 5280, RFC 5758), for a host's name and addresses. It is always
 * valid, as the clock of a host may be anywhere when it is made; what ends its time is the next one. `serial` is 16 random bytes;
 * `key` that of the one before, if there is one.
 */
export function selfSigned(names: TlsNames, serial: Uint8Array, key?: string): TlsIdentity {
  const privateKey = key
    ? createPrivateKey(key)
    : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const name = sequence(
    attribute(0x0a, 'twinbank'),
    attribute(0x0b, unit),
    attribute(0x03, names.hostName.slice(0, 64)),
  );
  const validity = [generalizedTime('20200101000000Z'), generalizedTime('99991231235959Z')];
  const body = sequence(
    // Version 3, and a serial number that is positive and not zero.
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1), serial),
    ecdsaWithSha256,
    name,
    sequence(...validity),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions(names))),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', body, privateKey));
  return {
    certificate: pem('CERTIFICATE', sequence(body, ecdsaWithSha256, signature)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** True for one that a host has made, and may make anew. */
export function isSelfMade({ certificate }: Pick<TlsIdentity, 'certificate'>): boolean {
  const read = readCertificate(certificate);
  return read?.issuer.split('\n').includes(`OU=${unit}`) === true && read.verify(read.publicKey);
}

/** True when a certificate has all of these names. */
export function hasNames(
  { certificate }: Pick<TlsIdentity, 'certificate'>,
  { hostName, addresses }: TlsNames,
): boolean {
  const read = readCertificate(certificate);
  return (
    read?.checkHost(hostName, { subject: 'never' }) !== undefined &&
    addresses.every((address) => read.checkIP(address) !== undefined)
  );
}

/** A name's part, by the last byte of its identifier (2.5.4.N). */
function attribute(type: number, text: string): Buffer {
  return der(0x31, sequence(oid(0x55, 0x04, type), der(0x0c, Buffer.from(text))));
}

function extensions({ hostName, addresses }: TlsNames): Buffer[] {
  const critical = der(0x01, Buffer.of(0xff));
  const extension = (id: Buffer, content: Buffer, ...flags: Buffer[]): Buffer =>
    sequence(id, ...flags, der(0x04, content));
  return [
    // basicConstraints: no authority.
    extension(oid(0x55, 0x1d, 0x13), sequence(), critical),
    // keyUsage: digitalSignature.
    extension(oid(0x55, 0x1d, 0x0f), der(0x03, Buffer.of(7, 0x80)), critical),
    // extKeyUsage: serverAuth.
    extension(oid(0x55, 0x1d, 0x25), sequence(oid(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01))),
    // subjectAltName: dNSName and iPAddress.
    extension(
      oid(0x55, 0x1d, 0x11),
      sequence(
        der(0x82, Buffer.from(hostName)),
        ...addresses.map((address) => der(0x87, addressBytes(address))),
      ),
    ),
  ];
}

/** 4 or 16 bytes. */
function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // The URL parser knows all forms of an IPv6 address, and has one.
  const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [before = '', after] = plain.split('::');
  const groups = (part = ''): string[] => part.split(':').filter((group) => group !== '');
  const [front, back] = [groups(before), groups(after)];
  const zeros = Array<string>(8 - front.length - back.length).fill('0');
  const bytes = Buffer.alloc(16);
  for (const [at, group] of [...front, ...zeros, ...back].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * at);
  }
  return bytes;
}
