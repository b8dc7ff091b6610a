import type { Person } from '../../bootloader/selection.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { consoleLine } from '../../protocol/console-line.ts';
import { noAnswerCode, RpcError } from '../../protocol/rpc-error.ts';
import type { Fault } from '../faults/fault.ts';
import { PowerFailure } from '../faults/medium.ts';
import { machineError } from '../machine/machine-client.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import type { Plug } from '../machine/plug.ts';
import type { PowerEvent } from '../machine/test-machine.ts';
import { type BootEvent, bootLine } from './boot-event.ts';
import { simulateBoot } from './sim-boot.ts';
import { type PlayedFaults, playFaults } from './sim-boot-faults.ts';
import type { WritableDisk } from './sim-disk.ts';
import { keepRestored, type SimSystem, saveSettings, simHost, writeJournal } from './sim-system.ts';
import { callSim, type SimMethods, simMethods } from './sim-vmkd.ts';

/** What a boot ended with: something that stays, a reset, the plug that somebody pulls, or a fault's power cut. */
type BootEnd = 'stays' | 'reset' | 'pulled' | 'power-cut';

export interface SimRunOptions {
  readonly maxBoots: number;
  now(): number;
}

/** A simulated machine that is on: its boots, one after another, and the system that runs in the end. */
export class SimRun {
  /** Of a boot; those that act on the disk or the medium alone are never unfired. */
  faults: readonly Fault[] = [];
  unfired: readonly Fault[] = [];
  person: Person | undefined;
  plug: Plug | undefined;
  /** Undefined: it is off. Without a system: the rescue prompt, or resets without end. */
  running: { readonly system?: SimSystem; readonly methods?: SimMethods } | undefined;
  #played: PlayedFaults | undefined;
  #isPulled = false;
  readonly #record: MachineRecord;
  readonly #options: SimRunOptions;

  constructor(record: MachineRecord, options: SimRunOptions) {
    this.#record = record;
    this.#options = options;
  }

  inject(fault: Fault): void {
    if (fault.effect.on !== 'disk') this.faults = [...this.faults, fault];
    // Damage is done, and a medium that keeps nothing always is.
    if (['runtime', 'power'].includes(fault.effect.on)) this.unfired = [...this.unfired, fault];
  }

  /** Ends a fault, or all. */
  heal(text?: string): void {
    const stays = (fault: Fault) => text !== undefined && fault.text !== text;
    this.faults = this.faults.filter(stays);
    this.unfired = this.unfired.filter(stays);
  }

  /** Follows boots until one stays, or the power goes for good. */
  async boot(disk: WritableDisk, first: 'on' | 'reset'): Promise<void> {
    this.running = {};
    if (first === 'on' || !this.#played) this.#played = playFaults(disk, this.faults);
    let what = first;
    for (let boot = 0; boot < this.#options.maxBoots; boot++) {
      this.#record.tell({ what });
      const end = await this.#bootOnce(disk, this.#played);
      const cutBy = this.#settleFaults(this.#played);
      if (end === 'stays') return;
      if (end === 'pulled') return this.end({ what: 'cut' });
      what = end === 'power-cut' ? 'on' : 'reset';
      if (end === 'power-cut') this.#record.tell({ what: 'cut', ...(cutBy && { fault: cutBy }) });
    }
  }

  /** The power is gone. */
  end(event: PowerEvent): void {
    this.running = undefined;
    this.#record.tell(event);
  }

  /** Puts a system to run that was kept before. */
  resume(disk: WritableDisk, system: SimSystem | undefined): void {
    const bank = disk.banks.find(({ partition }) => partition === system?.bank.partition);
    this.running = system && bank ? this.#serve(disk, { ...system, bank }) : {};
  }

  async call(
    disk: WritableDisk,
    name: string,
    params?: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const methods = this.running?.methods;
    if (!methods) throw noAnswer(`no answer to ${name}: no system runs`);
    try {
      return await callSim(methods, name, params);
    } catch (error) {
      if (!(error instanceof PowerFailure)) throw error;
      await this.#powerFailed(disk);
      throw noAnswer('the machine went away');
    }
  }

  /** Ends the system in order. */
  async stop(disk: WritableDisk, how: 'power-off' | 'reboot', why: string): Promise<void> {
    const system = this.running?.system;
    if (!system) return;
    try {
      const type = how === 'reboot' ? 'rebooting' : 'shutting-down';
      this.#show(disk, consoleLine({ type, why }));
      const bank = system.bank.partition;
      writeJournal(disk, { event: 'shutdown', bank, why }, this.#options.now());
      if (!system.configuration.saved) await saveSettings(disk, system);
    } catch (error) {
      if (!(error instanceof PowerFailure)) throw error;
      return this.#powerFailed(disk);
    }
    if (how === 'reboot') return this.boot(disk, 'reset');
    this.end({ what: 'off' });
  }

  async #bootOnce(disk: WritableDisk, played: PlayedFaults): Promise<BootEnd> {
    const { host, restored } = simHost(disk, this.#options.now);
    const { person } = this;
    this.person = undefined;
    const told: BootEvent[] = [];
    const onEvent = (event: BootEvent): void => {
      told.push(event);
      this.#show(disk, bootLine(event));
      played.onEvent(event);
    };
    const { behaviour } = played;
    const { outcome, events } = simulateBoot(disk, { behaviour, onEvent, person, host });
    const last = events.at(-1);
    if (last?.type === 'reset') return last.cause === 'power-cut' ? this.#cutEnd() : 'reset';
    const system = systemOf(disk, told, restored());
    this.running = system ? this.#serve(disk, system) : {};
    if (!system || outcome !== 'healthy') return 'stays';
    try {
      await this.#ready(disk, system, told, onEvent);
      return 'stays';
    } catch (error) {
      if (!(error instanceof PowerFailure)) throw error;
      disk.medium.powerOn();
      return this.#cutEnd();
    }
  }

  /** What vmkd does between the confirmation and its ready line, and that line. */
  async #ready(
    disk: WritableDisk,
    system: SimSystem,
    told: readonly BootEvent[],
    say: (event: BootEvent) => void,
  ): Promise<void> {
    const { build, bank } = system;
    const { partition } = bank;
    const stage = told.find((event) => event.type === 'stage' && event.stage === 'bank');
    const detail = stage?.type === 'stage' ? stage.detail : '';
    const why = /^not confirmed: (.*)/.exec(detail)?.[1];
    if (why === undefined) {
      try {
        await keepRestored(disk, system);
      } catch (error) {
        if (!(error instanceof TwinbankError)) throw error;
        this.#show(disk, consoleLine({ type: 'text', text: `state not kept: ${error.message}` }));
      }
    }
    const confirmed = why === undefined;
    const event = { event: 'ready', bank: partition, confirmed, stages: {} } as const;
    writeJournal(disk, why === undefined ? event : { ...event, why }, this.#options.now());
    say({ type: 'ready', partition, build });
  }

  #serve(disk: WritableDisk, system: SimSystem) {
    const methods = simMethods({
      disk,
      system,
      now: this.#options.now,
      line: (text) => this.#show(disk, consoleLine({ type: 'text', text })),
      stop: (how, why) => this.stop(disk, how, why),
    });
    return { system, methods };
  }

  /** A line of the console; what is not one in a machine's own words is left out. */
  #show(disk: WritableDisk, text: string): void {
    if (!text.startsWith('# ')) this.#record.show(text);
    if (!this.plug?.line.test(text)) return;
    this.#isPulled = true;
    disk.medium.powerOff('the plug');
    throw new PowerFailure('the plug');
  }

  /** Whether the power comes back after a cut: it does after that of a fault. */
  #cutEnd(): BootEnd {
    const pulled = this.#isPulled;
    this.#isPulled = false;
    if (!pulled) return 'power-cut';
    this.plug?.pull();
    this.plug = undefined;
    return 'pulled';
  }

  /** The power fails while the system runs. */
  async #powerFailed(disk: WritableDisk): Promise<void> {
    disk.medium.powerOn();
    if (this.#cutEnd() === 'pulled') return this.end({ what: 'cut' });
    const fault = this.#played && this.#settleFaults(this.#played);
    this.#record.tell({ what: 'cut', ...(fault && { fault }) });
    await this.boot(disk, 'on');
  }

  /** Faults that have happened are no longer waited for; a power cut happens once, and its name is returned. */
  #settleFaults(played: PlayedFaults): string | undefined {
    const waiting = played.unfired();
    this.unfired = this.unfired.filter((fault) => waiting.includes(fault));
    const isOver = (fault: Fault) => fault.effect.on === 'power' && !waiting.includes(fault);
    const over = this.faults.find(isOver);
    this.faults = this.faults.filter((fault) => !isOver(fault));
    return over?.text;
  }
}

/** The system that a boot left running, by what it told; undefined at the rescue prompt. */
function systemOf(
  disk: WritableDisk,
  told: readonly BootEvent[],
  restored: Pick<SimSystem, 'settings' | 'configuration'>,
): SimSystem | undefined {
  const chosen = told.findLast((event) => event.type === 'boot');
  const bank = disk.banks.find(
    ({ partition }) => chosen?.type === 'boot' && partition === chosen.partition,
  );
  if (chosen?.type !== 'boot' || !bank) return undefined;
  const problems = told.flatMap((event) => (event.type === 'unhealthy' ? [event.reason] : []));
  const refused = told.flatMap((event) =>
    event.type === 'refuse' ? [{ bank: event.partition, why: event.reason }] : [],
  );
  const state = problems.length > 0 ? 'starting' : 'ready';
  const { build } = chosen;
  return { bank, build, refused, problems, state, staged: new Map(), ...restored };
}

function noAnswer(found: string): TwinbankError {
  return machineError('vmkd', new RpcError(noAnswerCode, found));
}
