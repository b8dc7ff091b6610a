import { generateKeyPairSync, sign } from 'node:crypto';
import { der, generalizedTime, oid, pem } from '../../protocol/der.ts';

/** A certificate of its own for `localhost`, valid always, and its key; both PEM. */
export interface CheckIdentity {
  readonly key: string;
  readonly cert: string;
}

/**
 * Makes one with Ed25519 (RFC 8410), as nothing in Node does.
 * Format: X.690 (DER) and RFC 5280, section 4.1.
 */
export function makeIdentity(): CheckIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const algorithm = der(0x30, oid(0x2b, 0x65, 0x70));
  const commonName = der(0x30, oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from('localhost')));
  const name = der(0x30, der(0x31, commonName));
  const validity = der(
    0x30,
    generalizedTime('20000101000000Z'),
    generalizedTime('99991231235959Z'),
  );
  // subjectAltName: dNSName localhost.
  const names = der(0x04, der(0x30, der(0x82, Buffer.from('localhost'))));
  const extensions = der(0xa3, der(0x30, der(0x30, oid(0x55, 0x1d, 0x11), names)));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ...[algorithm, name, validity, name],
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  );
  const signature = der(0x03, Buffer.from([0]), sign(null, body, privateKey));
  const whole = der(0x30, body, algorithm, signature);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem('CERTIFICATE', whole),
  };
}
