/*
 * What only one OEM of a bank can set or have is a name that it provides and conflicts with, so that the rules for all
 * modules refuse a second one. Here such names are made and put into the words of a provider.yaml.
 */

/** A default that only one OEM can set: `syslog` of `defaults`. */
export function defaultClaim(name: string): string {
  return `default-${name}`;
}

/** A kernel module; `-` and `_` are the same to the kernel. */
export function driverClass(name: string): string {
  return `driver-${name.replaceAll('-', '_')}`;
}

/** What two modules do that have one such name; undefined for any other name. */
export function claimWords(claim: string): string | undefined {
  const [, kind, name] = /^(default|driver|[a-z]+-class)-(.+)$/.exec(claim) ?? [];
  if (kind === 'default') return `set defaults.${name}`;
  if (kind === 'driver') return `bring the driver ${name}`;
  return kind === undefined ? undefined : `have the class ${name}`;
}
