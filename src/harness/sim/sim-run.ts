import type { Person } from '../../bootloader/selection.ts';
import type { TwinbankError } from '../../diagnostics/error.ts';
import { endingHost, prepareEnd } from '../../hostcore/end-host.ts';
import type { Ending } from '../../hostcore/host-port.ts';
import { type Journal, openJournal } from '../../hostcore/journal.ts';
import { consoleLine } from '../../protocol/console-line.ts';
import { noAnswerCode, RpcError } from '../../protocol/rpc-error.ts';
import type { HostDisk } from '../../update/host-disk.ts';
import type { Fault } from '../faults/fault.ts';
import { PowerFailure } from '../faults/medium.ts';
import { machineError } from '../machine/machine-client.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import type { Plug } from '../machine/plug.ts';
import type { PowerEvent } from '../machine/test-machine.ts';
import { simulateBoot } from './sim-boot.ts';
import { type SimBootEvent, simBootLine } from './sim-boot-event.ts';
import { type SimFaults, simFaults } from './sim-boot-faults.ts';
import type { SimHostDisk } from './sim-host-disk.ts';
import { bootingSystem, diskOfBoot, type SimSystem, systemOf } from './sim-system.ts';
import { becomeReady, callSim, type SimVmkd, simVmkd } from './sim-vmkd.ts';

/** What a boot ended with: something that stays, a reset, the plug that somebody pulls, or a fault's power cut. */
type BootEnd = 'stays' | 'reset' | 'pulled' | 'power-cut';

/** A boot that is on, from its power-on or reset. Without a system: the loader, the rescue prompt, or resets without end. */
interface RunningBoot {
  system?: SimSystem;
  vmkd?: SimVmkd;
  /** It is being ended in order. */
  ending?: boolean;
}

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
  /** Undefined: it is off. */
  running: RunningBoot | undefined;
  #faultEffects: SimFaults | undefined;
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
  async boot(disk: SimHostDisk, first: 'on' | 'reset'): Promise<void> {
    this.running = {};
    if (first === 'on' || !this.#faultEffects) this.#faultEffects = simFaults(disk, this.faults);
    let what = first;
    for (let boot = 0; boot < this.#options.maxBoots; boot++) {
      this.#record.power({ what });
      const end = await this.#bootOnce(disk, this.#faultEffects);
      const cutBy = this.#settleFaults(this.#faultEffects);
      if (end === 'stays') return;
      if (end === 'pulled') return this.end({ what: 'cut' });
      what = end === 'power-cut' ? 'on' : 'reset';
      if (end === 'power-cut') this.#record.power({ what: 'cut', ...(cutBy && { fault: cutBy }) });
    }
  }

  /** The power is gone. */
  end(event: PowerEvent): void {
    this.running = undefined;
    this.#record.power(event);
  }

  /** Puts a system to run that was kept before. */
  resume(disk: SimHostDisk, system: SimSystem | undefined): void {
    const running: RunningBoot = {};
    this.running = running;
    const bank = disk.banks.find(({ partition }) => partition === system?.bank.partition);
    if (!system || !bank) return;
    const own = this.#diskOf(disk, running);
    const journal = openJournal(own.store, this.#options.now);
    this.#serve(disk, own, running, { ...system, bank }, journal);
  }

  async call(
    disk: SimHostDisk,
    name: string,
    params?: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const { running } = this;
    if (!running?.vmkd) throw noAnswer(`no answer to ${name}: no system runs`);
    const [answer] = await Promise.allSettled([callSim(running.vmkd.methods, name, params)]);
    // Whatever the system took it for.
    if (!disk.medium.hasPower()) await this.#powerFailed(disk);
    if (running !== this.running && !running.ending) throw noAnswer('the machine went away');
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value;
  }

  /** Ends the system in order; a second time changes nothing. */
  async stop(disk: SimHostDisk, how: Ending, why: string): Promise<void> {
    const { running } = this;
    if (!running?.vmkd || !running.system || running.ending) return;
    running.ending = true;
    const { keeper, updates, journal } = running.vmkd;
    const ending = {
      ...endingHost({
        bank: running.system.bank.partition,
        line: (text) => this.#line(disk, running, text),
        saveTimeout: () => new Promise(() => {}),
      }),
      journal: journal.write,
      cancelUpdate: updates.cancel,
      saveChanges: keeper.saveChanges,
    };
    try {
      await prepareEnd(ending, how, why);
    } catch (error) {
      if (!(error instanceof PowerFailure)) throw error;
    }
    if (!disk.medium.hasPower()) return this.#powerFailed(disk);
    if (running !== this.running) return;
    if (how === 'reboot') return this.boot(disk, 'reset');
    this.end({ what: 'off' });
  }

  async #bootOnce(disk: SimHostDisk, played: SimFaults): Promise<BootEnd> {
    const running: RunningBoot = {};
    this.running = running;
    const { person } = this;
    this.person = undefined;
    const seen: SimBootEvent[] = [];
    const onEvent = (event: SimBootEvent): void => {
      seen.push(event);
      this.#show(disk, simBootLine(event));
      played.onEvent(event);
    };
    const own = this.#diskOf(disk, running);
    const line = (text: string): void => this.#line(disk, running, text);
    const { hasPower } = disk.medium;
    const booting = bootingSystem(own, { now: this.#options.now, line, hasPower });
    const boot = { behaviour: played.behaviour, onEvent, person, host: booting.host };
    const { outcome, events } = simulateBoot(disk, boot);
    const last = events.at(-1);
    if (last?.type === 'reset') return last.cause === 'power-cut' ? this.#cutEnd() : 'reset';
    const system = systemOf(disk, seen, booting.memory);
    if (!system) return 'stays';
    const vmkd = this.#serve(disk, own, running, system, booting.journal);
    if (outcome !== 'healthy') return 'stays';
    try {
      await becomeReady(vmkd, system, booting.unconfirmed);
      const { build, bank } = system;
      if (hasPower()) onEvent({ type: 'ready', partition: bank.partition, build });
    } catch (error) {
      if (!(error instanceof PowerFailure)) throw error;
    }
    if (hasPower()) return 'stays';
    disk.medium.powerOn();
    return this.#cutEnd();
  }

  /** The disk for as long as a boot is on. */
  #diskOf({ host }: SimHostDisk, running: RunningBoot): HostDisk {
    return diskOfBoot(host, () => this.running !== running);
  }

  #serve(
    disk: SimHostDisk,
    own: HostDisk,
    running: RunningBoot,
    system: SimSystem,
    journal: Journal,
  ): SimVmkd {
    const vmkd = simVmkd({
      disk: own,
      system,
      journal,
      line: (text) => this.#line(disk, running, text),
      end: (how, why) => this.stop(disk, how, why),
    });
    Object.assign(running, { system, vmkd });
    return vmkd;
  }

  /** A line of the system that runs; one that is over, or has no power, says nothing. */
  #line(disk: SimHostDisk, running: RunningBoot, text: string): void {
    if (running !== this.running || !disk.medium.hasPower()) return;
    this.#show(disk, consoleLine({ type: 'text', text }));
  }

  /** A line of the console; what is not one in a machine's own words is left out. */
  #show(disk: SimHostDisk, text: string): void {
    if (!text.startsWith('# ')) this.#record.addLine(text);
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
  async #powerFailed(disk: SimHostDisk): Promise<void> {
    disk.medium.powerOn();
    if (this.#cutEnd() === 'pulled') return this.end({ what: 'cut' });
    const fault = this.#faultEffects && this.#settleFaults(this.#faultEffects);
    this.#record.power({ what: 'cut', ...(fault && { fault }) });
    await this.boot(disk, 'on');
  }

  /** Faults that have happened are no longer waited for; a power cut happens once, and its name is returned. */
  #settleFaults(played: SimFaults): string | undefined {
    const waiting = played.unfired();
    this.unfired = this.unfired.filter((fault) => waiting.includes(fault));
    const isOver = (fault: Fault) => fault.effect.on === 'power' && !waiting.includes(fault);
    const over = this.faults.find(isOver);
    this.faults = this.faults.filter((fault) => !isOver(fault));
    return over?.text;
  }
}

function noAnswer(found: string): TwinbankError {
  return machineError('vmkd', new RpcError(noAnswerCode, found));
}
