import { TwinbankError } from '../diagnostics/error.ts';
import type { Method } from '../protocol/json-rpc.ts';
import { RpcError } from '../protocol/rpc-error.ts';
import { packState, unpackState } from '../state/archive.ts';
import { namedUplinks } from '../state/network-settings.ts';
import type { Settings } from '../state/setting-rows.ts';
import { carriedOf, filesOfSettings, settingsOfFiles } from '../state/settings.ts';
import type { StateFile } from '../state/state-file.ts';
import type { Ending, LiveConfiguration } from './host-port.ts';
import { parseChunk, parseFlag } from './params.ts';
import type { StateKeeper } from './state-keeper.ts';

export interface TransferPort {
  readonly keeper: Pick<StateKeeper, 'replace'>;
  readonly configuration: Pick<LiveConfiguration, 'read'>;
  /** Names of the host's network interfaces. */
  interfaces(): readonly string[];
  /** Ends the host once the answer is on its way. */
  end(how: Ending, why: string): void;
}

/** The methods by which all state of a host goes to a file and comes back, on this host or another one (docs/state.md). */
export function transferMethods(port: TransferPort): Readonly<Record<string, Method>> {
  const { keeper, configuration } = port;

  async function replace(content: Uint8Array, reboot: boolean, why: string) {
    const answer = await keeper.replace(content);
    const rebooting = reboot && answer.saved;
    if (rebooting) port.end('reboot', why);
    return { ...answer, rebooting };
  }

  return {
    'state.backup': () => {
      const { settings, carried, problems } = configuration.read();
      const [problem] = problems;
      if (problem !== undefined) throw new RpcError('state.problem', problem);
      const files = [...filesOfSettings(settings), ...carried];
      const content = packState(files);
      const data = Buffer.from(content).toString('base64');
      return { data, bytes: content.length, files: files.map(({ path }) => path) };
    },
    'state.restore': async ({ data, reboot }) => {
      const wanted = parseFlag('reboot', reboot);
      const files = unpacked(parseChunk(data));
      const settings = settingsOfFiles(files);
      const { devices } = configuration.read().settings;
      const fitting = forThisHost(settings, devices);
      const carried = carriedOf(files);
      const content = packState([...filesOfSettings(fitting), ...carried]);
      return {
        ...(await replace(content, wanted, 'another state was restored')),
        notApplied: notApplied(settings, { devices, interfaces: port.interfaces() }),
        unknown: carried.map(({ path }) => path),
      };
    },
    'state.reset': ({ reboot }) => {
      const wanted = parseFlag('reboot', reboot);
      return replace(packState([]), wanted, 'the defaults were restored');
    },
  };
}

/** What a device is called belongs to the machine that it is in. */
function forThisHost(
  { devices: _elsewhere, ...settings }: Partial<Settings>,
  devices: Settings['devices'] | undefined,
): Partial<Settings> {
  return { ...settings, ...(devices && { devices }) };
}

/**
 * What of a state this host cannot do, as it has other devices than the one that it comes from; one sentence each. It is restored as it
 * is and not guessed: whoever restores it says what it is to be here.
 */
export function notApplied(
  { network, devices }: Partial<Settings>,
  here: {
    readonly devices: Settings['devices'] | undefined;
    readonly interfaces: readonly string[];
  },
): string[] {
  const known = Object.keys(here.devices?.names ?? {});
  const lost = Object.entries(devices?.names ?? {}).flatMap(([name, path]) =>
    known.includes(name) ? [] : [`devices: this host has no ${name} (it was ${path})`],
  );
  const missing = (network ? namedUplinks(network) : []).flatMap(({ place, given, uplink }) => {
    if (here.interfaces.includes(uplink)) return [];
    const only = here.interfaces.join(', ') || 'none';
    const why = `this host has no ${given}, only ${only}`;
    return [`${place}: ${why}; what is set for it is not used until it is set anew`];
  });
  return [...missing, ...lost];
}

/** Every setting in them right. Throws `usage`. */
function unpacked(content: Uint8Array): StateFile[] {
  try {
    const files = unpackState(content);
    settingsOfFiles(files);
    return files;
  } catch (error) {
    throw error instanceof TwinbankError ? new RpcError('usage', error.message) : error;
  }
}
