import type { Console } from '../../system/console.ts';
import { type Controller, missingDrivers } from '../../system/controllers.ts';
import type { KernelCommandLine } from '../boot/kernel-command-line.ts';
import type { SystemSettings } from '../boot/system-settings.ts';
import type { HostAddress } from '../network/host-addresses.ts';
import { type ScreenFacts, screenLines } from './screen-lines.ts';

export interface ScreenPort {
  readonly console: Pick<Console, 'panel'>;
  readonly command: KernelCommandLine;
  readonly settings: SystemSettings;
  hostName(): string;
  hostAddresses(): readonly HostAddress[];
  findControllers(): readonly Controller[];
  oemLogos(): readonly { readonly lines: readonly string[]; readonly color: string | undefined }[];
}

/** What changes while the system runs. */
export interface ScreenState {
  interfaces(): readonly string[];
  phase(): ScreenFacts['phase'];
  confirmed(): boolean;
  problems(): readonly string[];
}

/** A name or an address that changes is seen so soon. */
const lookMs = 5000;

/**
 * Shows on the host's own screen what a person in front of it has to know, and keeps it true for as long as the system runs. On
 * the serial line nothing of it is seen: that one is read by programs.
 * @returns shows at once what has changed
 */
export function keepScreen(port: ScreenPort, state: ScreenState): () => void {
  const { console, command, settings } = port;
  const logo = port.oemLogos().flatMap(({ lines }) => lines);
  const look = (): void => {
    const none = (): string =>
      state.interfaces().length > 0
        ? `none yet on ${state.interfaces().join(', ')}`
        : `none: ${missingDrivers(port.findControllers(), 'network')}`;
    const addresses = port
      .hostAddresses()
      .map((one) => `${one.address}/${one.prefix} on ${one.interface}`);
    const facts: ScreenFacts = {
      ...settings.console,
      build: command.build,
      bank: command.bank,
      logo,
      host: port.hostName(),
      addresses: addresses.length > 0 ? addresses.join(', ') : none(),
      phase: state.phase(),
      confirmed: state.confirmed(),
      trial: command.trial,
      problems: state.problems(),
    };
    console.panel(screenLines(facts));
  };
  look();
  setInterval(look, lookMs).unref();
  return look;
}
