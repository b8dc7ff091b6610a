import { existsSync } from 'node:fs';
import { TwinbankError } from '../../diagnostics/error.ts';
import { readGpt } from '../../disk/gpt.ts';
import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import type { BootFaults } from '../faults/boot-faults.ts';
import type { LiveFault } from '../faults/fault.ts';
import { withDiskFile } from '../machine/disk-file.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import { wrongPower } from '../machine/test-machine.ts';
import { makeAddedDisks } from './added-disks.ts';
import { defaultMachine } from './machine.ts';
import { type MachineEnd, newFirmwareVariables, type QemuMachine, startQemu } from './qemu.ts';
import { notRunning } from './qemu-complaint.ts';
import { forwardPort } from './qemu-devices.ts';
import { faultArguments } from './qemu-faults.ts';
import type { QemuOptions } from './qemu-hardware.ts';
import { type QemuDisk, qemuHardware } from './qemu-hardware.ts';
import { playLive } from './qemu-live-faults.ts';
import { goOn, incomingArguments, type QemuSnapshot } from './qemu-snapshot.ts';

const fillMs = 90_000;
const panicMs = 60_000;
const panicLine = { test: (text: string) => parseConsoleLine(text)?.type === 'panic' };

/** The power of a virtual machine: one QEMU from each power-on until it goes. */
export class QemuRun {
  live: readonly LiveFault[] = [];
  /** Seconds, from the next power-on. */
  clockJump = 0;
  lost: TwinbankError | undefined;
  #machine: QemuMachine | undefined;
  /** The power comes back by itself after a fault has cut it. */
  #comesBack: Promise<void> | undefined;
  #gone: Promise<void> | undefined;
  #forwards = new Map<string, Promise<number>>();
  readonly #options: QemuOptions;
  readonly #record: MachineRecord;
  readonly #faults: BootFaults;
  readonly #folder: string;

  constructor(options: QemuOptions, record: MachineRecord, faults: BootFaults, folder: string) {
    this.#options = options;
    this.#record = record;
    this.#faults = faults;
    this.#folder = folder;
  }

  isOn(): boolean {
    return this.#machine !== undefined || this.#comesBack !== undefined;
  }

  /** The QEMU that runs. */
  running(what: string): QemuMachine {
    if (this.#machine) return this.#machine;
    throw this.lost ?? wrongPower(what, 'on', 'off');
  }

  async start(disk: QemuDisk, snapshot?: QemuSnapshot): Promise<void> {
    const { signal, disk: type = defaultMachine.disk, firmware } = this.#options;
    if (firmware === 'uefi' && !existsSync(disk.firmwareVariables)) {
      await newFirmwareVariables(disk.firmwareVariables);
    }
    await makeAddedDisks(disk.addedDisks, this.#options.disks ?? []);
    // vmkd takes faults while it runs, too.
    const faults = faultArguments(this.#faults.all(), type, ['live']);
    const extra = [...faults, ...(snapshot ? incomingArguments(snapshot) : [])];
    const { clockJump } = this;
    const hardware = qemuHardware(this.#options, disk, { clockJump, extra });
    const machine = await startQemu(hardware, signal);
    this.#machine = machine;
    this.#forwards = new Map();
    if (snapshot) this.#record.resume(snapshot.record, true);
    else this.#record.power({ what: 'on' });
    // What has come already, and what comes until this machine's power goes.
    machine.console.onEveryLine(({ text }) => {
      if (this.#machine === machine) this.#record.addLine(text);
    });
    machine.onEvent((name) => {
      if (name === 'RESET' && this.#machine === machine) this.#record.power({ what: 'reset' });
    });
    void machine.ended.then((end) => this.#hasEnded(machine, end));
    if (snapshot?.memory !== undefined) await goOn(machine);
    if (this.live.length > 0) await this.playLive(disk.path);
  }

  /** Pulls the plug, at once. After a fault the power comes back. */
  async pull(disk: QemuDisk, fault?: string): Promise<void> {
    const gone = this.#take()?.stop();
    if (!gone) return;
    this.#gone = gone;
    this.#record.power({ what: 'cut', ...(fault !== undefined && { fault }) });
    if (fault === undefined) return gone;
    this.#comesBack = gone
      .then(() => this.start(disk))
      .catch((error: TwinbankError) => this.#lose(error))
      .finally(() => {
        this.#comesBack = undefined;
      });
    return this.#comesBack;
  }

  /** Ends whatever there is; nothing is told. */
  async end(): Promise<void> {
    await this.#take()?.stop();
    await this.settled();
    await this.#take()?.stop();
  }

  /** Once the last cut is over, and the power is back if it comes back. */
  async settled(): Promise<void> {
    await this.#gone;
    await this.#comesBack;
  }

  /** From now on nobody hears of this one. */
  #take(): QemuMachine | undefined {
    const machine = this.#machine;
    this.#machine = undefined;
    this.live = this.live.filter(({ live }) => live !== 'disk-full');
    return machine;
  }

  async playLive(disk: string): Promise<void> {
    const machine = this.#machine;
    if (!machine) return;
    const { partitions } = await withDiskFile(disk, false, (device) => readGpt(device));
    const { network = defaultMachine.network } = this.#options;
    await playLive({ qmp: machine.qmp, folder: this.#folder, partitions, network }, this.live);
  }

  /** What fills the memory of a system ends with its power, and is asked of the system itself. */
  async fill(path: string, full: boolean): Promise<void> {
    const { vmkd } = this.running('disk-full');
    await vmkd.call(full ? 'fault.fill' : 'fault.free', { path }, fillMs);
  }

  /** Asks the system for a panic of its kernel, which is gone before it could answer: it may only refuse. */
  async panic(): Promise<void> {
    const { console, vmkd } = this.running('panic');
    const from = console.lines.length;
    const panics = console.waitFor(panicLine, { timeoutMs: panicMs, from });
    // An answer may be lost with the system, and so comes only after the panic could have.
    const refused = vmkd.call('fault.panic', {}, panicMs).then(() => panics);
    const end = await Promise.race([panics, refused]);
    refused.catch(() => {});
    if ('line' in end) return;
    const message = `expected a panic of the kernel, found none in ${panicMs / 1000} s`;
    throw new TwinbankError('boot', 'harness.panic', message);
  }

  /** The port of the host at which one of the machine is reached. */
  forward(port: number, protocol: 'tcp' | 'udp'): Promise<number> {
    const { qmp } = this.running('endpoint');
    const key = `${protocol} ${port}`;
    const forward = this.#forwards.get(key) ?? forwardPort(qmp, port, protocol);
    this.#forwards.set(key, forward);
    return forward;
  }

  /** By itself: the system powered off, or QEMU is gone. */
  #hasEnded(machine: QemuMachine, { reason, errors }: MachineEnd): void {
    if (this.#machine !== machine) return;
    this.#take();
    if (reason === 'host-signal') this.#lose(notRunning(errors));
    else this.#record.power({ what: 'off' });
  }

  #lose(why: TwinbankError): void {
    this.lost = why;
    this.#record.power({ what: 'off' });
    this.#record.console.close();
  }
}
