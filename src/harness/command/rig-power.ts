import type { TwinbankError } from '../../diagnostics/error.ts';
import { tellsSystemDown } from '../../protocol/kernel-line.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import { noShutdown } from '../console/boot-error.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import { notAble, type PowerEvent, wrongPower } from '../machine/test-machine.ts';
import type { Rig } from './rig.ts';
import { type SerialLine, serialLine, type VmkdLine, vmkdLine } from './rig-lines.ts';
import { runRigCommand } from './rig-process.ts';

interface CommandExtras {
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** A file for its standard input. */
  readonly input?: string;
}

/** Power and lines of a rig, by its commands. */
export class RigPower {
  readonly rig: Rig;
  on = false;
  lost: TwinbankError | undefined;
  readonly #record: MachineRecord;
  readonly #signal: AbortSignal | undefined;
  #serial: SerialLine | undefined;
  #vmkd: VmkdLine | undefined;
  /** The power goes, and maybe comes back, because of a line of the console. */
  #cutting: Promise<void> | undefined;
  #ending = false;

  constructor(rig: Rig, record: MachineRecord, signal: AbortSignal | undefined) {
    this.rig = rig;
    this.#record = record;
    this.#signal = signal;
  }

  /** Runs a command; `what` is its key. */
  do(what: string, command: string, extras: CommandExtras = {}): Promise<Buffer> {
    const { timeoutMs = this.rig.timeouts.power, ...rest } = extras;
    const { folder: cwd } = this.rig;
    const signal = this.#ending ? undefined : this.#signal;
    return runRigCommand(what, command, { cwd, signal, timeoutMs, ...rest });
  }

  async switchOn(): Promise<void> {
    if (this.lost) throw this.lost;
    const { folder: cwd, power } = this.rig;
    // Before the power, so that nothing of what the machine says is lost.
    this.#serial ??= serialLine(this.rig, { cwd, signal: this.#signal }, this.#record, (why) =>
      this.#lose(why),
    );
    this.#serial.begin();
    this.on = true;
    this.#record.power({ what: 'on' });
    try {
      await this.do('power.on', power.on);
    } catch (error) {
      this.on = false;
      throw error;
    }
  }

  async switchOff(event: PowerEvent): Promise<void> {
    await this.do('power.off', this.rig.power.off);
    this.on = false;
    this.#record.power(event);
    await this.#dropVmkd();
  }

  /** The power button, and the power once the system is down. */
  async shutDown(): Promise<void> {
    const { power, vmkd, timeouts } = this.rig;
    const { console } = this.#record;
    const from = console.lines.length;
    if (power.button !== undefined) await this.do('power.button', power.button);
    else if (vmkd !== undefined) await this.vmkd('shutdown').call('shutdown');
    else throw notAble('rig', 'power off', 'it has no power.button and no vmkd');
    const end = await console.waitFor({ test: tellsSystemDown }, { timeoutMs: timeouts.off, from });
    if (!('line' in end)) throw this.lost ?? noShutdown(console.lines);
    await this.switchOff({ what: 'off' });
  }

  async reset(): Promise<void> {
    const { reset, on, off } = this.rig.power;
    await this.#dropVmkd();
    if (reset === undefined) await this.do('power.off', off);
    // Now: the next line of the loader is that of this boot.
    this.#serial?.begin();
    this.#record.power({ what: 'reset' });
    await (reset === undefined ? this.do('power.on', on) : this.do('power.reset', reset));
  }

  /** Because of a line of the console; after a fault the power comes back. */
  cutByLine(fault?: string): void {
    const cut = async (): Promise<void> => {
      await this.switchOff({ what: 'cut', ...(fault !== undefined && { fault }) });
      if (fault !== undefined) await this.switchOn();
    };
    this.#cutting = cut().catch((error: TwinbankError) => this.#lose(error));
  }

  /** Once the last cut is over. Throws what became of it. */
  async settled(): Promise<void> {
    await this.#cutting;
    if (this.lost) throw this.lost;
  }

  type(text: string): void {
    this.#serial?.type(text);
  }

  /** Speaks to vmkd over the way that the rig has, which is made when it is first used. */
  vmkd(what: string): RpcClient {
    const { vmkd: command, folder: cwd } = this.rig;
    if (command === undefined) throw notAble('rig', what, 'it has no way to vmkd');
    if (!this.on) throw this.lost ?? wrongPower(what, 'on', 'off');
    this.#vmkd ??= vmkdLine(command, { cwd, signal: this.#signal });
    return this.#vmkd.client;
  }

  /** Leaves the rig without power and without processes, also after its signal. */
  async end(): Promise<void> {
    await this.#cutting;
    this.#ending = true;
    try {
      if (this.on) await this.do('power.off', this.rig.power.off);
    } finally {
      this.on = false;
      await this.#dropVmkd();
      await this.#serial?.stop();
      this.#serial = undefined;
    }
  }

  async #dropVmkd(): Promise<void> {
    const line = this.#vmkd;
    this.#vmkd = undefined;
    await line?.stop();
  }

  #lose(why: TwinbankError): void {
    this.lost ??= why;
    this.#record.console.close();
  }
}
