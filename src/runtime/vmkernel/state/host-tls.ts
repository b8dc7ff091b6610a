import { randomBytes } from 'node:crypto';
import type { TlsPort } from '../../../hostcore/tls/tls-service.ts';
import { type TlsService, tlsService } from '../../../hostcore/tls/tls-service.ts';
import { fileConfiguration } from './host-state.ts';

export interface HostTlsOptions extends Pick<TlsPort, 'keeper' | 'names' | 'onChange'> {
  readonly root?: string;
}

/** The certificate of the running system, in its files. */
export function hostTls({ root, ...port }: HostTlsOptions): TlsService {
  return tlsService({ ...port, configuration: fileConfiguration(root), random: randomBytes });
}

/** A name or an address that has changed is in the certificate so soon. */
const renewIntervalMs = 10_000;

/** Makes the certificate, and looks from now on whether it still has the names of the host. Reports what goes wrong once. */
export async function keepTls(
  { renew }: Pick<TlsService, 'renew'>,
  line: (text: string) => void,
): Promise<void> {
  let lastReported = '';
  const look = async (): Promise<void> => {
    const why = await renew().then(
      () => '',
      (error: Error) => `certificate: ${error.message}`,
    );
    if (why !== '' && why !== lastReported) line(why);
    lastReported = why;
  };
  await look();
  setInterval(() => void look(), renewIntervalMs);
}
