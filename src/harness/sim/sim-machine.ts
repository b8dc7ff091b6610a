import type { Person } from '../../bootloader/selection.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import { noShutdown } from '../console/boot-error.ts';
import type { ConsoleLog, LinePattern } from '../console/console-log.ts';
import { bindFault } from '../faults/bind-faults.ts';
import type { LiveFault, NamedFault } from '../faults/fault.ts';
import { isLive, sameFault } from '../faults/fault.ts';
import { type MachineRecord, machineRecord } from '../machine/machine-record.ts';
import { plug } from '../machine/plug.ts';
import { readOnlyDevice } from '../machine/read-only-device.ts';
import {
  type Ability,
  type CommonOptions,
  type MachineSnapshot,
  notAble,
  type PowerEvent,
  type TestMachine,
  wrongPower,
} from '../machine/test-machine.ts';
import { type SimActivity, simActivity } from './sim-activity.ts';
import { type DiskLayer, openSimImage, type SimHostDisk, simHostDisk } from './sim-host-disk.ts';
import { failWrites, fillStore, whyNotInSim } from './sim-live-faults.ts';
import { SimRun } from './sim-run.ts';
import { copySystem, type SimSnapshot } from './sim-snapshot.ts';

const able: readonly Ability[] = ['loader', 'vmkd', 'cut', 'disk', 'snapshot'];
const defaultMaxBoots = 50;

export interface SimOptions extends CommonOptions {
  /** Resets that are followed in one power-on, before the machine counts as one that never comes up; default 50. */
  readonly maxBoots?: number;
  /** The machine's clock, milliseconds since 1970; default the host's. */
  readonly now?: () => number;
}

/**
 * A machine without hardware: the loader's own decisions and the running system's own changes on the real bytes
 * of an image, in no time. What only a system that really runs could tell, it does not tell.
 */
export class SimMachine implements TestMachine {
  readonly kind = 'sim';
  readonly abilities: ReadonlySet<Ability> = new Set(able);
  readonly hostAddress = '127.0.0.1';
  readonly console: ConsoleLog;
  readonly vmkd: RpcClient = {
    call: (name, params) =>
      this.#activity.during(() => this.#run.call(this.#flashed(), name, params)),
  };
  readonly #record: MachineRecord;
  readonly #activity: SimActivity;
  readonly #run: SimRun;
  #disk: SimHostDisk | undefined;
  #live: readonly LiveFault[] = [];
  #clockJump = 0;

  constructor({ maxBoots = defaultMaxBoots, now = Date.now }: SimOptions = {}) {
    this.#record = machineRecord(() => 0);
    const clock = (): number => now() + this.#clockJump * 1000;
    this.#run = new SimRun(this.#record, { maxBoots, now: clock });
    this.#activity = simActivity(this.#record.console, () => this.#run.plug?.giveUp());
    this.console = this.#activity.console;
  }

  get boots(): number {
    return this.#record.boots();
  }

  onPower(listener: (event: PowerEvent) => void): void {
    this.#record.onPower(listener);
  }

  lost(): undefined {
    return undefined;
  }

  isOn(): boolean {
    return this.#run.running !== undefined;
  }

  settled(): Promise<boolean> {
    return this.#activity.settled();
  }

  async flash(image: string): Promise<void> {
    this.#assertOff('flash');
    const layer = openSimImage(image);
    this.#disk?.layer.release();
    this.#disk = simHostDisk(layer);
  }

  async powerOn(): Promise<void> {
    this.#assertOff('power on');
    const disk = this.#quiet();
    failWrites(disk, this.#live);
    await this.#activity.during(() => this.#run.boot(disk, 'on'));
  }

  async powerOff(): Promise<void> {
    this.#assertOn('power off');
    if (!this.#run.running?.system) throw noShutdown(this.console.lines);
    await this.#activity.during(() => this.#run.stop(this.#flashed(), 'power-off', 'power button'));
  }

  async reset(): Promise<void> {
    this.#assertOn('reset');
    await this.#activity.during(() => this.#run.boot(this.#flashed(), 'reset'));
  }

  async cut(at?: { readonly line: LinePattern; readonly timeoutMs: number }): Promise<void> {
    if (at) {
      const armed = plug(at.line, () => this.console.lines);
      this.#run.plug = armed;
      this.#activity.nudge();
      return armed.pulled;
    }
    this.#assertOn('cut');
    this.#run.end({ what: 'cut' });
  }

  async type(): Promise<void> {
    throw notAble('sim', 'typing', 'nobody reads what is typed');
  }

  async key(): Promise<void> {
    throw notAble('sim', 'keys', 'it has no keyboard; a choice at the loader can be made');
  }

  async atLoader(person: Person): Promise<void> {
    this.#run.person = person;
  }

  async screenshot(): Promise<Uint8Array> {
    throw notAble('sim', 'screenshot', 'it has no screen');
  }

  async endpoint(): Promise<never> {
    throw notAble('sim', 'network', 'it has no network');
  }

  canInject(fault: NamedFault | LiveFault): true | string {
    if (isLive(fault)) return whyNotInSim(fault) ?? true;
    return fault.row.engines.includes('sim') || `the simulator cannot play ${fault.row.name}`;
  }

  async inject(fault: NamedFault | LiveFault): Promise<void> {
    const able = this.canInject(fault);
    if (able !== true) throw notAble('sim', isLive(fault) ? fault.live : fault.text, able);
    const disk = this.#flashed();
    if (!isLive(fault)) {
      this.#assertOff('inject');
      return this.#run.inject(bindFault(fault, this.#quiet(), this.#run.faults));
    }
    if (fault.live === 'disk-full') fillStore(disk, true);
    else if (fault.live === 'clock-jump') this.#clockJump += fault.seconds;
    this.#live = [...this.#live, fault];
    if (this.isOn()) failWrites(disk, this.#live);
  }

  async heal(fault?: NamedFault | LiveFault): Promise<void> {
    const all = fault === undefined;
    if (all || !isLive(fault)) this.#run.heal(fault?.text);
    const ended = this.#live.filter((one) => all || (isLive(fault) && sameFault(one, fault)));
    this.#live = this.#live.filter((one) => !ended.includes(one));
    if (!this.#disk) return;
    failWrites(this.#disk, this.isOn() ? this.#live : []);
    if (ended.some(({ live }) => live === 'disk-full')) fillStore(this.#disk, false);
    for (const one of ended) if (one.live === 'clock-jump') this.#clockJump -= one.seconds;
  }

  unfired(): readonly string[] {
    return this.#run.unfired.map(({ text }) => text);
  }

  async withDisk<T>(
    use: (device: BlockDevice) => T | Promise<T>,
    { writable = false }: { readonly writable?: boolean } = {},
  ): Promise<T> {
    if (writable) this.#assertOff('write to the disk');
    const { device } = this.isOn() ? this.#flashed() : this.#quiet();
    return use(writable ? device : readOnlyDevice(device));
  }

  async snapshot(): Promise<SimSnapshot> {
    const disk = this.#flashed();
    const system = this.#run.running?.system;
    const running = this.#run.running && { ...(system && { system: copySystem(system) }) };
    const { layer } = disk;
    // It stays as it is, and the machine goes on over it.
    this.#put(layer.over(layer.device), running);
    return {
      kind: 'sim',
      layer,
      record: this.#record.history(),
      running,
      dispose: async () => layer.release(),
    };
  }

  async restore(snapshot: MachineSnapshot): Promise<void> {
    const { layer, record, running } = snapshot as SimSnapshot;
    this.#disk?.layer.release();
    this.#put(layer.over(layer.device), running);
    this.#record.resume(record, running !== undefined);
  }

  async dispose(): Promise<void> {
    this.#run.running = undefined;
    this.#run.plug?.giveUp();
    this.#disk?.layer.release();
    this.#disk = undefined;
    this.console.close();
  }

  #put(layer: DiskLayer, running: SimSnapshot['running']): void {
    const disk = simHostDisk(layer);
    this.#disk = disk;
    this.#run.running = undefined;
    if (running) this.#run.resume(disk, running.system && copySystem(running.system));
  }

  #flashed(): SimHostDisk {
    if (this.#disk) return this.#disk;
    throw new TwinbankError('boot', 'harness.no-disk', 'sim: expected an image on its disk');
  }

  /** The disk of a machine that is off: nothing fails. */
  #quiet(): SimHostDisk {
    const disk = this.#flashed();
    disk.medium.powerOn();
    disk.medium.setReadOnly(false);
    disk.medium.cutBeforeWrite(0);
    disk.medium.failWrites([]);
    return disk;
  }

  #assertOff(what: string): void {
    if (this.isOn()) throw wrongPower(what, 'off', 'on');
  }

  #assertOn(what: string): void {
    if (!this.isOn()) throw wrongPower(what, 'on', 'off');
  }
}
