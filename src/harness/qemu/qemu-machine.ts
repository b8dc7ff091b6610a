import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Person } from '../../bootloader/selection.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { temporaryFolder } from '../../host/temporary-folder.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import type { ConsoleLog, LinePattern } from '../console/console-log.ts';
import { BootFaults } from '../faults/boot-faults.ts';
import type { LiveFault, NamedFault } from '../faults/fault.ts';
import { isLive, sameFault } from '../faults/fault.ts';
import { copyDisk, type DiskCopy } from '../machine/disk-copy.ts';
import { withDiskFile } from '../machine/disk-file.ts';
import { pressAtLoader } from '../machine/loader-person.ts';
import { type MachineRecord, machineRecord } from '../machine/machine-record.ts';
import { type PowerCutter, powerCutter } from '../machine/power-cutter.ts';
import {
  type Ability,
  type MachineSnapshot,
  notAble,
  type PowerEvent,
  type TestMachine,
  wrongPower,
} from '../machine/test-machine.ts';
import { bindOnDisk } from '../sim/sim-bind-fault.ts';
import { copyAddedDisks } from './added-disks.ts';
import { shutDown } from './boot.ts';
import { pressKey } from './qemu-devices.ts';
import type { QemuDisk, QemuOptions } from './qemu-hardware.ts';
import { whyNotInQemu } from './qemu-live-faults.ts';
import { QemuRun } from './qemu-run.ts';
import { keepQemu, type QemuSnapshot } from './qemu-snapshot.ts';

const able = ['type', 'keys', 'loader', 'screen', 'vmkd', 'cut', 'disk', 'snapshot'] as const;

/** A virtual machine in QEMU. Its disk is a raw file that outlives the power; QEMU is started at each power-on. */
export class QemuTestMachine implements TestMachine {
  readonly kind = 'qemu';
  readonly abilities: ReadonlySet<Ability>;
  readonly hostAddress: string | undefined;
  readonly console: ConsoleLog;
  readonly vmkd: RpcClient = {
    call: async (...call) => this.#run.running('vmkd').vmkd.call(...call),
  };
  readonly #options: QemuOptions;
  readonly #record: MachineRecord = machineRecord();
  readonly #folder = temporaryFolder('rig');
  readonly #faults = new BootFaults();
  readonly #cutter: PowerCutter;
  readonly #run: QemuRun;
  #disk: DiskCopy | undefined;

  constructor(options: QemuOptions) {
    this.#options = options;
    const { network = true } = options;
    this.abilities = new Set<Ability>(network ? [...able, 'network'] : able);
    this.hostAddress = network ? '10.0.2.2' : undefined;
    this.console = this.#record.console;
    this.#run = new QemuRun(options, this.#record, this.#faults, this.#folder.path);
    this.#cutter = powerCutter(this.console, (fault) => {
      void this.#run.pull(this.#flashed(), fault);
    });
    this.console.onLine(({ text }) => this.#faults.see(text));
  }

  get boots(): number {
    return this.#record.boots();
  }

  onPower(listener: (event: PowerEvent) => void): void {
    this.#record.onPower(listener);
  }

  lost(): TwinbankError | undefined {
    return this.#run.lost;
  }

  isOn(): boolean {
    return this.#run.isOn();
  }

  async flash(image: string): Promise<void> {
    this.#assertOff('flash');
    const disk = await copyDisk(image);
    await this.#disk?.remove();
    this.#disk = disk;
  }

  async powerOn(): Promise<void> {
    this.#assertOff('power on');
    await this.#run.start(this.#flashed());
  }

  async powerOff(): Promise<void> {
    await shutDown(this.#run.running('power off'), this.console.lines);
  }

  async reset(): Promise<void> {
    const machine = this.#run.running('reset');
    const happens = new Promise<void>((resolve) => {
      machine.onEvent((name) => name === 'RESET' && resolve());
    });
    await machine.qmp.call('system_reset');
    await Promise.race([happens, machine.ended]);
  }

  async cut(at?: { readonly line: LinePattern; readonly timeoutMs: number }): Promise<void> {
    if (at) {
      await this.#cutter.at(at.line, at.timeoutMs);
      return this.#run.settled();
    }
    if (!this.isOn()) throw wrongPower('cut', 'on', 'off');
    await this.#run.settled();
    await this.#run.pull(this.#flashed());
  }

  async type(text: string): Promise<void> {
    this.#run.running('type').type(text);
  }

  async key(name: string): Promise<void> {
    await pressKey(this.#run.running('key').qmp, name);
  }

  async atLoader(person: Person): Promise<void> {
    pressAtLoader(this.console, person, (key) => this.key(key));
  }

  async screenshot(): Promise<Uint8Array> {
    const filename = join(this.#folder.path, 'screen.png');
    await this.#run.running('screenshot').qmp.call('screendump', { filename, format: 'png' });
    return readFile(filename);
  }

  canInject(fault: NamedFault | LiveFault): true | string {
    if (isLive(fault)) return whyNotInQemu(fault, this.#options) ?? true;
    if (fault.effect.on === 'medium' && this.#options.disk === 'ahci') {
      return 'QEMU does not attach an ahci disk that can only be read';
    }
    const { name, engines } = fault.row;
    return engines.includes('qemu') || `QEMU cannot play ${name}`;
  }

  async inject(fault: NamedFault | LiveFault): Promise<void> {
    const able = this.canInject(fault);
    if (able !== true) throw notAble('qemu', isLive(fault) ? fault.live : fault.text, able);
    if (!isLive(fault)) {
      this.#assertOff('inject');
      const others = [...this.#faults.all(), ...this.#cutter.waiting()];
      const bound = await bindOnDisk(this.#flashed().path, fault, others);
      if (bound.effect.on === 'power') this.#cutter.add(bound);
      else this.#faults.add(bound);
      return;
    }
    const run = this.#run;
    if (fault.live === 'clock-jump') run.clockJump += fault.seconds;
    if (fault.live === 'disk-full') await run.fill(fault.path, true);
    if (fault.live === 'panic') return run.panic();
    run.live = [...run.live, fault];
    await run.playLive(this.#flashed().path);
  }

  async heal(fault?: NamedFault | LiveFault): Promise<void> {
    if (!fault || !isLive(fault)) {
      this.#faults.remove(fault?.text);
      this.#cutter.remove(fault?.text);
    }
    const run = this.#run;
    const stays = (one: LiveFault) => fault && !(isLive(fault) && sameFault(one, fault));
    const healed = run.live.filter((one) => !stays(one));
    run.live = run.live.filter(stays);
    for (const one of healed) {
      if (one.live === 'clock-jump') run.clockJump -= one.seconds;
      if (one.live === 'disk-full') await run.fill(one.path, false);
    }
    if (healed.length > 0) await run.playLive(this.#flashed().path);
  }

  unfired(): readonly string[] {
    return [...this.#faults.unfired(), ...this.#cutter.waiting().map(({ text }) => text)];
  }

  async endpoint(port: number, protocol: 'tcp' | 'udp' = 'tcp') {
    if (!this.abilities.has('network')) throw notAble('qemu', 'network', 'it has no network');
    return { host: '127.0.0.1', port: await this.#run.forward(port, protocol) };
  }

  async withDisk<T>(
    use: (device: BlockDevice) => T | Promise<T>,
    { writable = false }: { readonly writable?: boolean } = {},
  ): Promise<T> {
    if (writable) this.#assertOff('write to the disk');
    return withDiskFile(this.#flashed().path, writable, use);
  }

  async snapshot(): Promise<QemuSnapshot> {
    const on = this.isOn();
    const { disk: bus, disks = [] } = this.#options;
    if (on && [bus, ...disks.map((disk) => disk.bus)].includes('nvme')) {
      throw notAble('qemu', 'snapshot', 'QEMU cannot keep an NVMe disk of a machine that is on');
    }
    const machine = on ? this.#run.running('snapshot') : undefined;
    const record = this.#record.history();
    return keepQemu(machine, this.#flashed(), { record, faults: this.#faults.all(), disks });
  }

  async restore(snapshot: MachineSnapshot): Promise<void> {
    const kept = snapshot as QemuSnapshot;
    await this.#run.end();
    await this.#disk?.remove();
    this.#disk = await copyDisk(kept.disk.path);
    const disk = this.#flashed();
    if (kept.firmwareVariables) await copyFile(kept.firmwareVariables, disk.firmwareVariables);
    await copyAddedDisks(kept.addedDisks, disk.addedDisks, this.#options.disks ?? []);
    this.#faults.remove();
    for (const fault of kept.faults) this.#faults.add(fault);
    if (kept.memory !== undefined) return this.#run.start(disk, kept);
    this.#record.resume(kept.record, false);
  }

  async dispose(): Promise<void> {
    this.#cutter.giveUp();
    await this.#run.end();
    await this.#disk?.remove();
    this.#disk = undefined;
    await this.#folder.remove();
    this.console.close();
  }

  #flashed(): QemuDisk {
    if (this.#disk) {
      const firmwareVariables = join(this.#folder.path, 'vars.fd');
      return { path: this.#disk.path, firmwareVariables, addedDisks: this.#folder.path };
    }
    throw new TwinbankError('boot', 'harness.no-disk', 'qemu: expected an image on its disk');
  }

  #assertOff(what: string): void {
    if (this.isOn()) throw wrongPower(what, 'off', 'on');
  }
}
