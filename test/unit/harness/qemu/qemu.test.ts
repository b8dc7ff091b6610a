import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { bootInQemu } from '../../../../src/harness/qemu/boot.ts';
import { defaultMachine } from '../../../../src/harness/qemu/machine.ts';
import { startQemu } from '../../../../src/harness/qemu/qemu.ts';
import { fakeQemu } from './fake-qemu.ts';

const options = { ...defaultMachine, image: '/nowhere.img', accelerator: 'tcg' as const };
const machineIsThere = `
const serial = connect('console');
const vmkd = connect('vmkd');
const control = connect('qmp');
const off = (reason) => {
  control.write(JSON.stringify({ event: 'SHUTDOWN', data: { guest: true, reason } }) + '\\n');
  serial.end('[   33.6] reboot: Power down\\r\\n', () => control.end(() => process.exit(0)));
};
`;

let fake: ReturnType<typeof fakeQemu>;
afterEach(() => fake.restore());

async function failureOf(promise: Promise<unknown>): Promise<TwinbankError> {
  return promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: TwinbankError) => error,
  );
}

function expectNothingLeft(): void {
  expect(fake.left()).toEqual([]);
  expect(fake.runs()).toBe(false);
}

describe('a machine that does not start', () => {
  it("is an error in QEMU's own words when it never connects", async () => {
    fake = fakeQemu("say('qemu-system-x86_64: -drive: no such file'); process.exit(1);");
    const error = await failureOf(startQemu(options));
    expect([error.kind, error.code]).toEqual(['boot', 'harness.qemu']);
    expect(error.message).toBe(
      'qemu-system-x86_64: expected a running virtual machine, found: qemu-system-x86_64: -drive: no such file',
    );
    expectNothingLeft();
  });

  it.each([
    {
      end: 'before it answers',
      body: "control.on('data', () => { say('bad device'); process.exit(1); });",
    },
    {
      end: 'after one connection',
      body: "serial.once('connect', () => { say('bad device'); process.exit(1); });",
    },
  ])('is an error in its own words when it connects and ends $end', async ({ body }) => {
    fake = fakeQemu(machineIsThere + body);
    expect((await failureOf(startQemu(options))).message).toMatch(/found: bad device$/);
    expectNothingLeft();
  });

  it('is a missing tool when there is no such program', async () => {
    fake = fakeQemu('');
    rmSync(join(fake.folder, 'qemu-system-x86_64'));
    process.env.PATH = fake.folder;
    expect(await failureOf(startQemu(options))).toMatchObject({
      kind: 'tool-missing',
      code: 'host.tool-missing',
    });
    expect(fake.left()).toEqual([]);
  });

  it('is ended when it refuses to take orders', async () => {
    fake = fakeQemu(`${machineIsThere}
      control.on('data', (line) => {
        const { id } = JSON.parse(line);
        control.write(JSON.stringify({ id, error: { class: 'GenericError', desc: 'not now' } }) + '\\n');
      });`);
    const error = await failureOf(startQemu(options));
    expect([error.code, error.message]).toEqual(['harness.refused', 'QEMU: not now']);
    expectNothingLeft();
  });

  it('keeps the end of an endless complaint', async () => {
    fake = fakeQemu("for (let i = 0; i < 5000; i++) say('warning ' + i); process.exit(1);");
    const { message } = await failureOf(startQemu(options));
    expect(message).toMatch(/warning 4999$/);
    expect(message.length).toBeLessThan(20_000);
  });
});

describe('an abort', () => {
  it('starts nothing when it is stopped before the start', async () => {
    fake = fakeQemu('');
    const reason = new Error('Ctrl-C');
    expect(await failureOf(startQemu(options, AbortSignal.abort(reason)))).toBe(reason);
    expect(fake.left()).toEqual([]);
  });

  it('ends a QEMU that never connects', async () => {
    fake =
      fakeQemu(`setInterval(() => {}, 1000); connect('qmp').on('connect', () => fs.writeFileSync(
      process.env.TMPDIR + '/up', ''));`);
    const controller = new AbortController();
    const started = startQemu(options, controller.signal);
    while (!fake.left().includes('up')) await new Promise(setImmediate);
    rmSync(join(process.env.TMPDIR!, 'up'));
    controller.abort(new Error('Ctrl-C'));
    expect((await failureOf(started)).message).toBe('Ctrl-C');
    expectNothingLeft();
  });

  it('ends a machine that runs, and a boot with its reason', async () => {
    fake = fakeQemu(`${machineIsThere} qmp(control, () => serial.write('hello\\r\\n'));`);
    const controller = new AbortController();
    const boot = bootInQemu({
      machine: options,
      timeoutMs: 60_000,
      signal: controller.signal,
      onLine: () => controller.abort(new Error('Ctrl-C')),
    });
    expect((await failureOf(boot)).message).toBe('Ctrl-C');
    expectNothingLeft();
  });
});

describe('a machine that runs', () => {
  it('gives its console, takes what is typed, answers, and tells how it ended', async () => {
    fake = fakeQemu(`${machineIsThere}
      qmp(control, (command) => { if (command === 'system_powerdown') off('guest-shutdown'); });
      serial.write('login: \\r\\n');
      serial.on('data', (text) => serial.write('typed ' + text + '\\r\\n'));
      vmkd.on('data', (line) => {
        const { id, method } = JSON.parse(line);
        vmkd.write(JSON.stringify({ jsonrpc: '2.0', id, result: { method } }) + '\\n');
      });`);
    const machine = await startQemu(options);
    expect(await machine.console.waitFor(/^login:$/, { timeoutMs: 60_000 })).toHaveProperty('line');
    machine.type('root');
    expect(await machine.console.waitFor(/typed root/, { timeoutMs: 60_000 })).toHaveProperty(
      'line',
    );
    expect(await machine.vmkd.call('status')).toEqual({ method: 'status' });
    expect(machine.seconds()).toBeGreaterThan(0);
    await machine.qmp.call('system_powerdown');
    expect(await machine.ended).toEqual({ reason: 'guest-shutdown', errors: '' });
    expect(machine.console.lines.at(-1)?.text).toContain('Power down');
    await machine.stop();
    expectNothingLeft();
  });

  it('takes paths with a comma', async () => {
    fake = fakeQemu(`${machineIsThere} qmp(control);`);
    const odd = mkdtempSync(join(tmpdir(), 'fake,tmp-'));
    process.env.TMPDIR = odd;
    const machine = await startQemu(options);
    await machine.stop();
    await machine.stop();
    rmSync(odd, { recursive: true });
    expect(await machine.ended).toMatchObject({ reason: 'host-signal' });
  });

  it('is ended with this process', async () => {
    fake = fakeQemu(`${machineIsThere} qmp(control);`);
    const before = process.listenerCount('exit');
    const machine = await startQemu(options);
    // One for the process, one for its files.
    expect(process.listenerCount('exit')).toBe(before + 2);
    await machine.stop();
    expect(process.listenerCount('exit')).toBe(before);
  });
});

describe('a boot', () => {
  it('shuts down what is ready by its power button, after the caller has used it', async () => {
    fake = fakeQemu(`${machineIsThere}
      qmp(control, (command) => {
        if (command === 'qmp_capabilities')
          serial.write('twinbank: booting bank 5\\r\\ntwinbank: ready build=1-1 bank=5 boot=31.5s\\r\\n');
        if (command === 'system_powerdown') off('guest-shutdown');
      });`);
    let used = false;
    const result = await bootInQemu({
      machine: options,
      timeoutMs: 60_000,
      whileReady: async ({ console }) => {
        used = console.lines.length === 2;
      },
    });
    expect(used).toBe(true);
    expect(result).toMatchObject({ outcome: 'healthy', booted: 5, bootSeconds: 31.5 });
    expect(result.lines.at(-1)?.text).toContain('Power down');
    expectNothingLeft();
  });

  it('calls a machine that resets without a word a hang', async () => {
    fake = fakeQemu(`${machineIsThere} qmp(control, () => off('guest-reset'));`);
    expect(await bootInQemu({ machine: options, timeoutMs: 60_000 })).toMatchObject({
      outcome: 'hang',
      booted: null,
    });
    expectNothingLeft();
  });

  it("throws when QEMU dies, which is no outcome of the image's but an error", async () => {
    fake = fakeQemu(`${machineIsThere}
      qmp(control, () => { say('Assertion failed: svm'); process.exit(134); });`);
    const error = await failureOf(bootInQemu({ machine: options, timeoutMs: 60_000 }));
    expect([error.code, error.message]).toEqual([
      'harness.qemu',
      'qemu-system-x86_64: expected a running virtual machine, found: Assertion failed: svm',
    ]);
    expectNothingLeft();
  });

  it('ends a machine that QEMU has stopped because its disk has no room, and says so', async () => {
    const event = { event: 'BLOCK_IO_ERROR', data: { nospace: true, action: 'stop' } };
    fake = fakeQemu(`${machineIsThere}
      qmp(control, () => control.write('${JSON.stringify(event)}\\n'));`);
    const error = await failureOf(bootInQemu({ machine: options, timeoutMs: 60_000 }));
    expect(error.message).toBe(
      'qemu-system-x86_64: expected a running virtual machine, found: no space is left on the file system of its disk; free some, or set TMPDIR to another',
    );
    expectNothingLeft();
  });

  it('calls a boot that says nothing in time a timeout, and just ends one stopped early', async () => {
    fake = fakeQemu(`${machineIsThere} qmp(control, () => serial.write('stage one\\r\\n'));`);
    expect(await bootInQemu({ machine: options, timeoutMs: 50 })).toHaveProperty(
      'outcome',
      'timeout',
    );
    expect(
      await bootInQemu({ machine: options, timeoutMs: 60_000, until: /^STAGE one$/i }),
    ).toHaveProperty('outcome', 'reached');
    expectNothingLeft();
  });

  it('cleans up when its caller fails', async () => {
    fake = fakeQemu(`${machineIsThere}
      qmp(control, () => serial.write('twinbank: ready build=1-1 bank=5 boot=31.5s\\r\\n'));`);
    const whileReady = (): Promise<void> => Promise.reject(new Error('no such thing'));
    const boot = bootInQemu({ machine: options, timeoutMs: 60_000, whileReady });
    expect((await failureOf(boot)).message).toBe('no such thing');
    expectNothingLeft();
  });
});

it('goes to /tmp where the temporary folder is too deep for sockets, and leaves nothing', async () => {
  // Its end is told only by a machine whose sockets could be listened on.
  fake = fakeQemu(`process.exit(3);`);
  const deep = join(process.env.TMPDIR!, 'x'.repeat(120));
  mkdirSync(deep);
  process.env.TMPDIR = deep;
  await expect(startQemu(options)).rejects.toThrow(/expected a running virtual machine/);
  expect(readdirSync(deep)).toEqual([]);
});
