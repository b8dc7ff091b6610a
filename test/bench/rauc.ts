import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { runTool } from '../../src/host/run-tool.ts';

/** A host that RAUC updates: its daemon runs, and its bundle is there. */
export interface RaucHost {
  /** `rauc install` of the bundle into the second slot. */
  install(): Promise<void>;
  /** Process id of the daemon. */
  readonly pid: number;
  /** Forgets that anything was installed. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts RAUC's daemon on a message bus of its own, as RAUC's tests do (it takes the session bus where
 * DBUS_STARTER_BUS_TYPE says so), for two raw slots, of which the first counts as booted, and makes a signed
 * bundle of the payload. Format `plain`: `verity` needs device-mapper, which not every kernel has. Boot
 * loader `noop`: RAUC is not charged for a script.
 */
export async function startRauc(
  folder: string,
  { payload, slots }: { payload: string; slots: readonly [string, string] },
): Promise<RaucHost> {
  const at = (name: string) => join(folder, name);
  await mkdir(at('mnt'), { recursive: true });
  await writeFile(at('system.conf'), systemConfiguration(at, slots));
  const bundle = await makeBundle(at, payload);
  const bus = await startBus();
  const env = { DBUS_STARTER_BUS_TYPE: 'session', DBUS_SESSION_BUS_ADDRESS: bus.address };
  const daemon = spawn('rauc', ['--conf', at('system.conf'), '--override-boot-slot=a', 'service'], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const stop = async () => {
    await end(daemon);
    await end(bus.process);
  };
  try {
    await answers(env);
  } catch (error) {
    await stop();
    throw error;
  }
  if (daemon.pid === undefined) throw new Error('rauc: its daemon did not start');
  return {
    pid: daemon.pid,
    install: async () => {
      await runTool('rauc', ['install', bundle], { env });
    },
    reset: () => rm(at('status'), { force: true }),
    stop,
  };
}

function systemConfiguration(at: (name: string) => string, slots: readonly string[]): string {
  return section('system', [
    'compatible=twinbank-bench',
    'bootloader=noop',
    `mountprefix=${at('mnt')}`,
    `statusfile=${at('status')}`,
  ])
    .concat(section('keyring', [`path=${at('cert.pem')}`]))
    .concat(
      ...slots.map((device, index) =>
        section(`slot.bank.${index}`, [
          `device=${device}`,
          'type=raw',
          `bootname=${index === 0 ? 'a' : 'b'}`,
        ]),
      ),
    );
}

async function makeBundle(at: (name: string) => string, payload: string): Promise<string> {
  await runTool('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=bench'],
    ...['-keyout', at('key.pem'), '-out', at('cert.pem')],
  ]);
  await mkdir(at('input'));
  await copyFile(payload, at('input/bank.img'));
  await writeFile(
    at('input/manifest.raucm'),
    section('update', ['compatible=twinbank-bench', 'version=1'])
      .concat(section('bundle', ['format=plain']))
      .concat(section('image.bank', ['filename=bank.img'])),
  );
  const keys = ['--cert', at('cert.pem'), '--key', at('key.pem')];
  await runTool('rauc', [...keys, 'bundle', at('input'), at('bundle.raucb')]);
  return at('bundle.raucb');
}

function section(name: string, lines: readonly string[]): string {
  return `[${name}]\n${lines.join('\n')}\n\n`;
}

async function startBus() {
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [address] = await Promise.race([
    once(createInterface(bus.stdout), 'line'),
    once(bus, 'exit').then(([code]) => {
      throw new Error(`dbus-daemon: expected an address, found exit code ${code}`);
    }),
  ]);
  return { process: bus, address: String(address) };
}

/** Returns when the daemon has taken its name on the bus. */
async function answers(env: Record<string, string>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await runTool('rauc', ['status'], { env });
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await pause(100);
    }
  }
}

async function end(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
