import type { JournalEvent } from '../../bootloader/boot-journal.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { ProgressEvent } from '../../diagnostics/progress.ts';
import { RpcError } from '../../protocol/rpc-error.ts';
import { parseSettings, shownSettings } from '../../state/settings.ts';
import { readBankForUpdate } from '../../update/bank-reading.ts';
import { rollBackRunning } from '../../update/roll-back.ts';
import { updateWithJournal } from '../../update/update-with-journal.ts';
import { verifyBank } from '../../update/verify-bank.ts';
import { machineError } from '../machine/machine-client.ts';
import { notAble } from '../machine/test-machine.ts';
import { bundlePipe, openBundle, stageBundle } from './sim-bundle.ts';
import type { WritableDisk } from './sim-disk.ts';
import { type SimSystem, saveSettings, writeJournal } from './sim-system.ts';

/** What the methods of a simulated vmkd act on. */
export interface SimVmkd {
  readonly disk: WritableDisk;
  readonly system: SimSystem;
  now(): number;
  /** One line on the console. */
  line(text: string): void;
  stop(how: 'power-off' | 'reboot', why: string): Promise<void>;
}

export type SimMethods = Readonly<
  Record<string, (params: Readonly<Record<string, unknown>>) => Promise<unknown>>
>;

/**
 * The methods of vmkd's protocol (docs/vmkd.md) that can be answered from the disk by the code that the running
 * system has. `status` lacks the members that nobody knows without a running system.
 */
export function simMethods(vmkd: SimVmkd): SimMethods {
  const { disk, system } = vmkd;
  const { partition } = system.bank;
  const pipe = bundlePipe();
  let busy = false;
  let last: unknown = null;

  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy) throw refused('update.busy', 'expected no update that runs, found one');
    busy = true;
    pipe.begin();
    try {
      return await work();
    } finally {
      busy = false;
      pipe.end();
    }
  };

  async function apply({ source, reboot = false }: Readonly<Record<string, unknown>>) {
    if (typeof reboot !== 'boolean') throw usage('reboot', 'true or false', reboot);
    const outcome = await alone(() => take(source)).catch((error: Error) => {
      last = { failed: error.message };
      vmkd.line(`update failed: ${error.message}`);
      throw error;
    });
    const { from, to, target: bank, oems, keyIds } = outcome.plan;
    const done = { outcome: outcome.outcome, from, to, bank, oems, keyIds };
    last = done;
    vmkd.line(`update ${done.outcome}: ${from} -> ${to}, bank ${bank}`);
    const rebooting = reboot && done.outcome !== 'running';
    if (rebooting) await vmkd.stop('reboot', `update to ${to}`);
    return { ...done, rebooting };
  }

  async function take(origin: unknown) {
    const bundle = await openBundle(origin, system.staged, pipe);
    const report = (event: ProgressEvent): void => {
      if (event.type === 'step') vmkd.line(`update: ${event.title}`);
      if (event.type === 'warning') vmkd.line(`update: ${event.text}`);
    };
    const journal = (event: JournalEvent) => writeJournal(disk, event, vmkd.now());
    try {
      return await updateWithJournal(bundle, disk.host, { running: partition, report }, journal);
    } finally {
      await bundle.close();
    }
  }

  async function rollback({ reboot = false }: Readonly<Record<string, unknown>>) {
    if (typeof reboot !== 'boolean') throw usage('reboot', 'true or false', reboot);
    const why = 'asked for by the management interface';
    const bank = await alone(() => rollBackRunning(disk.host, partition));
    writeJournal(disk, { event: 'rollback', bank, why }, vmkd.now());
    vmkd.line(`bank ${bank} rolled back: ${why}`);
    if (reboot) await vmkd.stop('reboot', 'rollback');
    return { bank, rebooting: reboot };
  }

  return {
    status: async () => ({
      build: system.build,
      bank: partition,
      state: system.state,
      problems: system.problems,
      refused: system.refused,
      signed: verifyBank(readBankForUpdate(partition, system.bank.device), { by: 'sums' }).signed,
      configuration: system.configuration,
    }),
    'config.get': async () => {
      const { syslog, ntp, ...shown } = shownSettings(system.settings);
      const { manifests } = readBankForUpdate(partition, system.bank.device);
      // An OEM may have defaults for these, in a layer that nobody has mounted.
      const own = manifests.every(({ manifest }) => manifest.base);
      return {
        ...shown,
        ...((own || system.settings.syslog) && { syslog }),
        ...((own || system.settings.ntp) && { ntp }),
      };
    },
    'config.set': async (params) => {
      const wanted = parseSettings(params);
      system.settings = { ...system.settings, ...wanted };
      system.configuration.saved = false;
      return saveSettings(disk, system);
    },
    'state.save': () => saveSettings(disk, system),
    'update.apply': apply,
    'update.send': (params) => pipe.send(params),
    'update.stage': async (params) => stageBundle(system.staged, params),
    'update.status': async () => ({ running: busy, step: null, progress: null, last }),
    'bank.rollback': rollback,
    shutdown: async ({ mode = 'power-off' }) => {
      if (mode !== 'power-off' && mode !== 'reboot') {
        throw usage('mode', 'power-off or reboot', mode);
      }
      await vmkd.stop(mode, 'asked for by the management interface');
      return { mode };
    },
  };
}

/** Calls a method by its name. What a running system would refuse is `harness.refused`, as over a port. */
export async function callSim(
  methods: SimMethods,
  name: string,
  params: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method) throw notAble('sim', name, 'only a running system can answer it');
  try {
    return await method(params);
  } catch (error) {
    if (!(error instanceof TwinbankError) || error.code.startsWith('harness.')) throw error;
    // What the settings' own code calls corrupt is the caller's mistake here.
    const code = error.code === 'setting.value' ? 'usage' : error.code;
    throw machineError('vmkd', new RpcError(code, error.message));
  }
}

function refused(code: string, message: string): TwinbankError {
  return new TwinbankError('refused', code, message);
}

export function usage(member: string, expected: string, found: unknown): TwinbankError {
  const text = JSON.stringify(found ?? null).slice(0, 80);
  return refused('usage', `${member}: expected ${expected}, found ${text}`);
}
