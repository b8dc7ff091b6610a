import { resolve } from 'node:path';
import { assertTwinbankDisk } from '../../bootloader/inspect-image.ts';
import type { Person } from '../../bootloader/selection.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { inFile } from '../../diagnostics/in-file.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { withdrawnText } from '../../disk/image-documents.ts';
import { withDiskClaim } from '../../host/disk-claim.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import type { ConsoleLog, LinePattern } from '../console/console-log.ts';
import type { LiveFault, NamedFault } from '../faults/fault.ts';
import { isLive } from '../faults/fault.ts';
import { withDiskFile } from '../machine/disk-file.ts';
import { pressAtLoader } from '../machine/loader-person.ts';
import { type MachineRecord, machineRecord } from '../machine/machine-record.ts';
import { type PowerCutter, powerCutter } from '../machine/power-cutter.ts';
import { withRawImage } from '../machine/raw-image.ts';
import {
  type Ability,
  type CommonOptions,
  notAble,
  type PowerEvent,
  type TestMachine,
  wrongPower,
} from '../machine/test-machine.ts';
import { bindOnDisk } from '../sim/sim-bind-fault.ts';
import { type Rig, readRig } from './rig.ts';
import { RigPower } from './rig-power.ts';

const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

export interface CommandOptions extends CommonOptions {
  /** Path of the rig's description (docs/machines.md). */
  readonly rig: string;
}

/** Somebody's own rig, by the commands that drive it. */
export class CommandMachine implements TestMachine {
  readonly kind = 'command';
  readonly abilities: ReadonlySet<Ability>;
  readonly hostAddress: string | undefined;
  readonly console: ConsoleLog;
  readonly vmkd: RpcClient = {
    call: async (...call) => this.#power.vmkd('vmkd').call(...call),
  };
  readonly #rig: Rig;
  readonly #record: MachineRecord = machineRecord();
  readonly #power: RigPower;
  readonly #cutter: PowerCutter;
  readonly #signal: AbortSignal | undefined;

  constructor({ rig, signal }: CommandOptions) {
    this.#rig = readRig(rig);
    const { keys, screen, vmkd, address, disk, hostAddress } = this.#rig;
    this.abilities = new Set<Ability>([
      ...(['type', 'loader', 'cut'] as const),
      ...(keys === undefined ? [] : (['keys'] as const)),
      ...(screen === undefined ? [] : (['screen'] as const)),
      ...(vmkd === undefined ? [] : (['vmkd'] as const)),
      ...(address === undefined ? [] : (['network'] as const)),
      ...(disk === undefined ? [] : (['disk'] as const)),
    ]);
    this.hostAddress = hostAddress;
    this.console = this.#record.console;
    this.#signal = signal;
    this.#power = new RigPower(this.#rig, this.#record, signal);
    this.#cutter = powerCutter(this.console, (fault) => this.#power.cutByLine(fault));
  }

  get boots(): number {
    return this.#record.boots();
  }

  onPower(listener: (event: PowerEvent) => void): void {
    this.#record.onPower(listener);
  }

  lost(): TwinbankError | undefined {
    return this.#power.lost;
  }

  isOn(): boolean {
    return this.#power.on;
  }

  async flash(image: string): Promise<void> {
    this.#assert('off', 'flash');
    await withDiskFile(image, false, (device) => {
      try {
        assertTwinbankDisk(device);
      } catch (error) {
        throw inFile(image, error);
      }
    });
    const { flash, timeouts } = this.#rig;
    await withRawImage(image, (path) =>
      this.#power.do('flash', flash, {
        timeoutMs: timeouts.flash,
        env: { IMAGE: path },
        input: path,
      }),
    );
  }

  async powerOn(): Promise<void> {
    this.#assert('off', 'power on');
    await this.#power.switchOn();
  }

  async powerOff(): Promise<void> {
    this.#assert('on', 'power off');
    await this.#power.shutDown();
  }

  async reset(): Promise<void> {
    this.#assert('on', 'reset');
    await this.#power.reset();
  }

  async cut(at?: { readonly line: LinePattern; readonly timeoutMs: number }): Promise<void> {
    if (at) {
      await this.#cutter.at(at.line, at.timeoutMs);
      return this.#power.settled();
    }
    this.#assert('on', 'cut');
    await this.#power.switchOff({ what: 'cut' });
  }

  async type(text: string): Promise<void> {
    this.#assert('on', 'type');
    this.#power.type(text);
  }

  async key(name: string): Promise<void> {
    const { keys } = this.#rig;
    if (keys === undefined) throw notAble('rig', 'keys', 'it has no keys');
    this.#assert('on', 'key');
    await this.#power.do('keys', keys, { env: { KEY: name } });
  }

  async atLoader(person: Person): Promise<void> {
    pressAtLoader(this.console, person, (key) => this.type(key === 'esc' ? '\u001b' : key));
  }

  async screenshot(): Promise<Uint8Array> {
    const { screen, timeouts } = this.#rig;
    if (screen === undefined) throw notAble('rig', 'screenshot', 'it has no screen');
    this.#assert('on', 'screenshot');
    const bytes = await this.#power.do('screen', screen, { timeoutMs: timeouts.screen });
    if (bytes.subarray(0, png.length).equals(png)) return bytes;
    const message = `rig: screen: expected a PNG on its standard output, found ${bytes.length} bytes of something else: ${screen}`;
    throw new TwinbankError('boot', 'rig.screen', message);
  }

  canInject(fault: NamedFault | LiveFault): true | string {
    if (isLive(fault)) return 'a rig has no such command';
    if (fault.effect.on === 'power' && 'stage' in fault.effect.cut) return true;
    if (fault.effect.on === 'disk') {
      return this.abilities.has('disk') || 'the rig has no disk that this host can write to';
    }
    return `only a virtual machine can be asked for ${fault.row.name}`;
  }

  async inject(fault: NamedFault | LiveFault): Promise<void> {
    const able = this.canInject(fault);
    if (able !== true || isLive(fault)) {
      const what = isLive(fault) ? fault.live : fault.text;
      throw notAble('rig', what, String(able));
    }
    this.#assert('off', 'inject');
    const { text, effect, bank } = fault;
    if (effect.on === 'power')
      this.#cutter.add({ text, effect, ...(bank !== undefined && { bank }) });
    else await this.#withDiskAt(true, (path) => bindOnDisk(path, fault, []));
  }

  async heal(fault?: NamedFault | LiveFault): Promise<void> {
    if (!fault || !isLive(fault)) this.#cutter.remove(fault?.text);
  }

  unfired(): readonly string[] {
    return this.#cutter.waiting().map(({ text }) => text);
  }

  async endpoint(port: number) {
    const { address } = this.#rig;
    if (address === undefined) throw notAble('rig', 'network', 'it has no address');
    return { host: address, port };
  }

  async withDisk<T>(
    use: (device: BlockDevice) => T | Promise<T>,
    { writable = false }: { readonly writable?: boolean } = {},
  ): Promise<T> {
    if (!this.#rig.disk) throw notAble('rig', 'disk', 'it has no disk that this host can read');
    this.#assert('off', 'use the disk');
    return this.#withDiskAt(writable, (path) => {
      const onWithdrawn = (withdrawn: readonly string[]): void =>
        this.console.feed(Buffer.from(`${withdrawnText(path, withdrawn)}\n`));
      return withDiskFile(path, writable, use, onWithdrawn);
    });
  }

  async snapshot(): Promise<never> {
    throw notAble('rig', 'snapshot', 'a machine of metal cannot be kept as it is');
  }

  async restore(): Promise<never> {
    return this.snapshot();
  }

  async dispose(): Promise<void> {
    this.#cutter.giveUp();
    try {
      await this.#power.end();
    } finally {
      this.console.close();
    }
  }

  /** The disk of a machine that is off, on this side. */
  async #withDiskAt<T>(writable: boolean, use: (path: string) => Promise<T>): Promise<T> {
    const { disk, folder } = this.#rig;
    if (!disk) throw notAble('rig', 'disk', 'it has no disk that this host can reach');
    if (disk.host !== undefined) await this.#power.do('disk.host', disk.host);
    try {
      const path = resolve(folder, disk.path);
      if (!writable) return await use(path);
      return await withDiskClaim(path, () => use(path), { signal: this.#signal });
    } finally {
      if (disk.target !== undefined) await this.#power.do('disk.target', disk.target);
    }
  }

  #assert(power: 'on' | 'off', what: string): void {
    if (this.isOn() === (power === 'on')) return;
    throw this.lost() ?? wrongPower(what, power, this.isOn() ? 'on' : 'off');
  }
}
