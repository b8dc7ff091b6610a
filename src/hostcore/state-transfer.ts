import { TwinbankError } from '../diagnostics/error.ts';
import type { Method } from '../protocol/json-rpc.ts';
import { RpcError } from '../protocol/rpc-error.ts';
import { packState, unpackState } from '../state/archive.ts';
import { forMachine, type MachineParts, notApplied, ownNames } from '../state/other-machine.ts';
import { carriedOf, filesOfSettings, settingsOfFiles } from '../state/settings.ts';
import type { StateFile } from '../state/state-file.ts';
import type { Ending, LiveConfiguration } from './host-port.ts';
import { parseChunk, parseFlag } from './params.ts';
import type { StateKeeper } from './state-keeper.ts';

export interface TransferPort {
  readonly keeper: Pick<StateKeeper, 'replace'>;
  readonly configuration: Pick<LiveConfiguration, 'read'>;
  /** What the host has now. */
  parts(): Promise<Omit<MachineParts, 'own'>>;
  /** Ends the host once the answer is on its way; may return when that is over, where the answer gets there all the same. */
  end(how: Ending, why: string): void | Promise<void>;
}

/** The methods by which all state of a host goes to a file and comes back, on this host or another one (docs/state.md). */
export function transferMethods(port: TransferPort): Readonly<Record<string, Method>> {
  const { keeper, configuration } = port;

  async function replace(content: Uint8Array, reboot: boolean, why: string) {
    const answer = await keeper.replace(content);
    const rebooting = reboot && answer.saved;
    if (rebooting) await port.end('reboot', why);
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
      const own = ownNames(configuration.read().settings);
      const here = { own, ...(await port.parts()) };
      const carried = carriedOf(files);
      const content = packState([...filesOfSettings(forMachine(settings, own)), ...carried]);
      return {
        ...(await replace(content, wanted, 'another state was restored')),
        notApplied: notApplied(settings, here),
        unknown: carried.map(({ path }) => path),
      };
    },
    'state.reset': ({ reboot }) => {
      const wanted = parseFlag('reboot', reboot);
      return replace(packState([]), wanted, 'the defaults were restored');
    },
  };
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
