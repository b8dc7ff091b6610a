import { TwinbankError } from '../../diagnostics/error.ts';
import type { Method } from '../../protocol/json-rpc.ts';
import { RpcError } from '../../protocol/rpc-error.ts';
import { parseSetting } from '../../state/settings.ts';
import { readCertificate, type TlsIdentity } from '../../state/tls-setting.ts';
import type { LiveConfiguration } from '../host-port.ts';
import { mutex } from '../mutex.ts';
import type { SaveAnswer, StateKeeper } from '../state-keeper.ts';
import { hasNames, isSelfMade, selfSigned, type TlsNames } from './self-signed.ts';

export interface TlsPort {
  readonly keeper: Pick<StateKeeper, 'save'>;
  readonly configuration: Pick<LiveConfiguration, 'read' | 'write'>;
  /** What the host is called and reached by now. */
  names(): TlsNames;
  random(bytes: number): Uint8Array;
  /** Hears that there is another certificate. */
  onChange(): void;
}

/** The certificate by which a host proves who it is (docs/users.md). */
export interface TlsService {
  readonly methods: Readonly<Record<string, Method>>;
  /**
   * Makes one where there is none, and a new one with the same key where the host's own lacks one of its names; one that an
   * administrator has put there stays. What the answer of the save is, undefined where nothing was to be done.
   */
  renew(): Promise<SaveAnswer | undefined>;
}

export function tlsService(port: TlsPort): TlsService {
  const alone = mutex();
  const now = (): TlsIdentity | undefined => port.configuration.read().settings.tls;

  async function put(tls: TlsIdentity): Promise<SaveAnswer> {
    port.configuration.write({ tls });
    const answer = await port.keeper.save();
    port.onChange();
    return answer;
  }

  /** What was found right last: it is looked at every few seconds, and to read a certificate takes half a millisecond. */
  let lastRight: readonly [TlsIdentity, string] | undefined;
  const isRight = (held: TlsIdentity, names: TlsNames): boolean => {
    const text = JSON.stringify(names);
    if (lastRight?.[0] === held && lastRight[1] === text) return true;
    if (!hasNames(held, names) && isSelfMade(held)) return false;
    lastRight = [held, text];
    return true;
  };
  const renew = (): Promise<SaveAnswer | undefined> =>
    alone(async () => {
      const names = port.names();
      const held = now();
      if (held && isRight(held, names)) return undefined;
      return put(selfSigned(names, port.random(16), held?.key));
    });

  return {
    renew,
    methods: {
      'tls.get': () => shown(now()),
      'tls.set': ({ certificate, key }) => alone(() => put(parsed({ certificate, key }))),
      'tls.reset': () => alone(() => put(selfSigned(port.names(), port.random(16)))),
    },
  };
}

/** Of the certificate all, of the key nothing. */
function shown(tls: TlsIdentity | undefined) {
  const read = tls && readCertificate(tls.certificate);
  if (!tls || !read) throw new RpcError('tls.none', 'expected a certificate, found none yet');
  return {
    certificate: tls.certificate,
    sha256: read.fingerprint256,
    subject: read.subject,
    names: read.subjectAltName ?? '',
    notAfter: read.validTo,
    selfMade: isSelfMade(tls),
  };
}

function parsed(value: unknown): TlsIdentity {
  try {
    const { tls } = parseSetting('tls', value);
    if (tls) return tls;
    throw new Error('a setting that was taken is there');
  } catch (error) {
    throw error instanceof TwinbankError ? new RpcError('usage', error.message) : error;
  }
}
