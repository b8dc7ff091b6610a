export interface ChronySetup {
  /** Names or addresses; at least one. */
  readonly servers: readonly string[];
  /** Where the drift of the clock is kept. */
  readonly driftFile: string;
}

/** The port of this host's loopback at which chronyd is asked. Its own, 323, takes a capability to listen at. */
export const commandPort = 10_323;

/**
 * The configuration of chronyd, chrony.conf(5). A clock that is more than a second wrong is set at once while the first three answers
 * come, and after that only made faster or slower: whoever measures time here does not see it go back. The kernel writes the time
 * into the machine's own clock, at once and then every eleven minutes (rtcsync).
 */
export function chronyConf({ servers, driftFile }: ChronySetup): string {
  return [
    ...servers.map((server) => `server ${server} iburst`),
    `driftfile ${driftFile}`,
    'makestep 1 3',
    'rtcsync',
    // Nobody asks us for the time.
    'port 0',
    'bindcmdaddress 127.0.0.1',
    // No Unix socket.
    'bindcmdaddress /',
    `cmdport ${commandPort}`,
    'pidfile /tmp/chronyd.pid',
    '',
  ].join('\n');
}
