import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { SettingRow } from './setting-row.ts';
import { expected, membersOf } from './setting-value.ts';

/** By what a host proves who it is, both PEM. */
export interface TlsIdentity {
  /** The host's own first; those of its authorities may follow. */
  readonly certificate: string;
  /** PKCS#8 or what OpenSSL writes, without a passphrase. */
  readonly key: string;
}

/** As the original names them. */
const files = { certificate: 'etc/vmware/ssl/rui.crt', key: 'etc/vmware/ssl/rui.key' } as const;
const mostCharacters = 32_768;

/** Made by the host itself, until an administrator replaces it. */
export const tls: SettingRow<TlsIdentity> = {
  files: { [files.certificate]: 0o644, [files.key]: 0o600 },
  ownMethods: true,
  parse: (value) => {
    const { certificate, key } = membersOf('tls', value, ['certificate', 'key']);
    const isText = (one: unknown): one is string =>
      typeof one === 'string' && one.length <= mostCharacters;
    const read = isText(certificate) ? readCertificate(certificate) : undefined;
    if (!isText(certificate) || !read) {
      throw expected('tls.certificate', 'a certificate in PEM of at most 32768 characters');
    }
    const secret = isText(key) ? readKey(key) : undefined;
    if (!isText(key) || !secret) {
      throw expected('tls.key', 'a private key in PEM without a passphrase');
    }
    if (!read.checkPrivateKey(secret)) {
      throw expected('tls.key', 'the key of the certificate', 'another one');
    }
    return { certificate, key };
  },
  toFiles: ({ certificate, key }) => ({ [files.certificate]: certificate, [files.key]: key }),
  fromFiles: (read) => ({ certificate: read(files.certificate), key: read(files.key) }),
};

/** The first certificate of a text; undefined where there is none. */
export function readCertificate(text: string): X509Certificate | undefined {
  try {
    return text.trimStart().startsWith('-----BEGIN ') ? new X509Certificate(text) : undefined;
  } catch {
    return undefined;
  }
}

function readKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}
