import { renameSync, writeFileSync } from 'node:fs';
import type { NetworkSettings } from '../../../state/network-settings.ts';
import { type CommandEnd, runCommand } from '../../system/command.ts';

type StaticSettings = Extract<NetworkSettings, { mode: 'static' }>;
type Run = (program: string, args: readonly string[]) => Promise<CommandEnd>;

/**
 * Gives an interface, which is up and has no address, the one of the settings, with the way out and the name
 * servers; the others stay without. What is known of it then goes to where DHCP clients put theirs. Returns
 * what could not be done, or undefined.
 */
export async function setStaticAddress(
  interfaces: readonly string[],
  settings: StaticSettings,
  leaseFile: (name: string) => string,
  {
    run = runCommand,
    resolvConf = '/run/twinbank/resolver/resolv.conf',
  }: { run?: Run; resolvConf?: string } = {},
): Promise<string | undefined> {
  const { address, prefix, router, dns } = settings;
  const name = settings.interface ?? interfaces[0];
  if (name === undefined || !interfaces.includes(name)) {
    const found = name ?? 'no interface';
    return `network.interface: expected one of ${interfaces.join(', ') || 'none'}, found ${found}`;
  }
  const ip = async (...args: string[]): Promise<string | undefined> => {
    const { code, output } = await run('/sbin/ip', args);
    return code === 0 ? undefined : `ip ${args.join(' ')}: ${output}`;
  };
  const failed =
    (await ip('addr', 'replace', `${address}/${prefix}`, 'dev', name)) ??
    (router && (await ip('route', 'replace', 'default', 'via', router, 'dev', name)));
  if (failed) return failed;
  write(resolvConf, dns.map((server) => `nameserver ${server}\n`).join(''));
  const lease = { interface: name, address, prefix, router: router ?? '', dns: dns.join(' ') };
  write(leaseFile(name), `${JSON.stringify(lease)}\n`);
  return undefined;
}

/** A rename shows a reader the whole file or none. */
function write(path: string, text: string): void {
  const fresh = path.replace(/([^/]+)$/, '.$1');
  writeFileSync(fresh, text);
  renameSync(fresh, path);
}
