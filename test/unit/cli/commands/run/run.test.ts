import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { openSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sha512Crypt } from '../../../../../src/state/password-hash.ts';
import { holdForeignLock } from '../../../../support/foreign-lock.ts';
import { keyboard, sink } from '../../host.ts';
import { askSocket, bootsSix, documents, fakeHost, powersOff } from './fake-host.ts';

let host: ReturnType<typeof fakeHost>;
afterEach(() => {
  const left = host.left();
  host.restore();
  expect(left).toEqual([]);
});

describe('a live host', () => {
  it('says in one line that it is ready, and in one how it ended', async () => {
    host = fakeHost();
    const run = host.run(['--json', '--headless', '--forward', '0:22', '--forward', 'udp:0:161']);
    const { vmkd, ...ready } = await run.ready();
    expect(ready).toEqual({
      ...{ schemaVersion: 1, ready: true, build: '1-1', bank: 5, pid: process.pid },
      forwards: [
        ...[443, 80, 902, 5989, 427, 22].map((guest) => ({
          ...{ protocol: 'tcp', host: 40_000 + guest, guest },
        })),
        { protocol: 'udp', host: 40_161, guest: 161 },
      ],
    });
    expect(statSync(vmkd).mode & 0o777).toBe(0o600);
    run.signal('SIGTERM');
    const { code, stdout, stderr } = await run.done;
    expect(documents(stdout).slice(1)).toEqual([
      {
        ...{ schemaVersion: 1, outcome: 'healthy', booted: 5, ended: 'power-off', boots: 1 },
        error: expect.objectContaining({ code: 'cli.interrupted' }),
      },
    ]);
    expect([code, stderr]).toEqual([143, 'twinbank: interrupted by SIGTERM\n']);
    expect(host.executed()).toContain('system_powerdown');
  });

  it('answers many clients at once, each with its own ids', async () => {
    host = fakeHost({ vmkd: "if (method === 'echo') return params;" });
    const run = host.run(['--json', '--headless']);
    const { vmkd } = await run.ready();
    const ask = (text: string) => askSocket(vmkd, { id: 1, method: 'echo', params: { text } });
    const answers = await Promise.all(['a', 'b', 'c'].map(ask));
    expect(answers).toEqual(
      ['a', 'b', 'c'].map((text) => [{ jsonrpc: '2.0', id: 1, result: { text } }]),
    );
    run.signal('SIGINT');
    expect((await run.done).code).toBe(130);
  });

  it('answers what waits when vmkd is started again', async () => {
    host = fakeHost({
      vmkd: `if (method === 'die') {
        open(false);
        setTimeout(() => open(true), 1);
        return undefined;
      }`,
    });
    const run = host.run(['--json', '--headless']);
    const { vmkd } = await run.ready();
    expect(await askSocket(vmkd, { id: 'x', method: 'die' })).toMatchObject([
      { id: 'x', error: { message: 'vmkd has ended, and is started again' } },
    ]);
    expect(await askSocket(vmkd, { id: 'y', method: 'status' })).toMatchObject([{ id: 'y' }]);
    run.signal('SIGTERM');
    await run.done;
  });

  it('goes on over a reboot, with its ports, its socket and the same clients', async () => {
    host = fakeHost({
      vmkd: `if (method === 'wait') return undefined;
        if (method === 'shutdown') setTimeout(() => {
          line('twinbank: rebooting: asked');
          open(false);
          reset(() => setTimeout(() => { ${bootsSix} open(true); }, 20));
        }, 1);`,
    });
    const shown = sink();
    const run = host.run(['--json', '--headless'], { stderr: shown.stream });
    const { vmkd } = await run.ready();
    const waits = askSocket(vmkd, { id: 'w', method: 'wait' });
    await askSocket(vmkd, { id: 1, method: 'shutdown' });
    expect(await waits).toMatchObject([{ id: 'w', error: { data: { code: 'host.gone' } } }]);
    // Answered by whoever runs next.
    expect(await askSocket(vmkd, { id: 2, method: 'echo' })).toMatchObject([{ id: 2 }]);
    expect(host.told().filter(({ vmkd: method }) => method === 'wait')).toHaveLength(1);
    while (!shown.text().includes('ready again')) await new Promise(setImmediate);
    expect(shown.text()).toContain('the host starts again\n');
    expect(shown.text()).toContain('ready again: 2-1, bank 6\n');
    run.signal('SIGTERM');
    const { code, stdout } = await run.done;
    expect([code, documents(stdout).slice(1)]).toMatchObject([
      143,
      [{ outcome: 'healthy', booted: 6, ended: 'power-off', boots: 2 }],
    ]);
  });

  it('goes on over the reset of a trial, and is ready with the bank that takes its place', async () => {
    host = fakeHost({
      on: `line('twinbank: loader');
        line('twinbank: booting bank 5 build=1-1');
        line('twinbank: stage=engine at=1.00s Node 22');
        line('twinbank: resetting: the trial was not healthy in 60 s');
        reset(() => { ${bootsSix} });`,
    });
    const run = host.run(['--json', '--headless']);
    expect(await run.ready()).toMatchObject({ ready: true });
    run.signal('SIGTERM');
    expect(documents((await run.done).stdout)[1]).toMatchObject({ booted: 6, boots: 2 });
  });

  it('that starts again and finds no bank then ends with 7', async () => {
    host = fakeHost({
      vmkd: `if (method === 'go') setTimeout(() => reset(() => {
        line('twinbank: loader');
        line('twinbank: rescue: no bank can be booted');
      }), 1);`,
    });
    const run = host.run(['--json', '--headless']);
    await askSocket((await run.ready()).vmkd, { id: 1, method: 'go' });
    const { code, stdout, stderr } = await run.done;
    expect([code, documents(stdout)[1]]).toMatchObject([7, { outcome: 'rescue', boots: 2 }]);
    expect(stderr).toContain('expected a host that stays well, found rescue');
  });

  it('that is told to end while it starts again is ended at once', async () => {
    host = fakeHost({
      vmkd: `if (method === 'go') setTimeout(() => reset(() => line('twinbank: loader')), 1);`,
    });
    const shown = sink();
    const run = host.run(['--json', '--headless'], { stderr: shown.stream });
    await askSocket((await run.ready()).vmkd, { id: 1, method: 'go' });
    while (!shown.text().includes('starts again')) await new Promise(setImmediate);
    run.signal('SIGTERM');
    const { code, stdout } = await run.done;
    expect([code, documents(stdout)[1]]).toMatchObject([143, { outcome: null, ended: 'killed' }]);
    expect(host.executed()).not.toContain('system_powerdown');
  });

  it.each([
    ['powers off', powersOff, 0, { outcome: 'healthy', ended: 'power-off' }],
    [
      'reboots in order',
      "line('twinbank: rebooting: asked'); reset();",
      0,
      { outcome: 'healthy', ended: 'reboot' },
    ],
    [
      'panics',
      "line('Kernel panic - not syncing: test'); reset();",
      7,
      { outcome: 'panic', ended: 'reset' },
    ],
    ['is reset without a word', 'reset();', 7, { outcome: 'hang', ended: 'reset' }],
    [
      'resets itself',
      "line('twinbank: resetting: test'); reset();",
      7,
      { outcome: 'unhealthy', ended: 'reset' },
    ],
  ])(
    'that %s ends with the right code, with --until-reboot',
    async (_what, how, expected, outcome) => {
      host = fakeHost({ vmkd: `if (method === 'go') setTimeout(() => { ${how} }, 1);` });
      const run = host.run(['--json', '--headless', '--until-reboot']);
      await askSocket((await run.ready()).vmkd, { id: 1, method: 'go' });
      const { code, stdout } = await run.done;
      expect([code, documents(stdout)[1]]).toMatchObject([expected, { booted: 5, ...outcome }]);
    },
  );

  it.each([
    ['panics', "line('Kernel panic - not syncing: test'); reset();", 'panic'],
    ['finds no bank', "line('twinbank: rescue: no bank can be booted');", 'rescue'],
  ])(
    'that %s before it is ready ends with 7 and the end of its console',
    async (_what, on, outcome) => {
      host = fakeHost({ on: `line('twinbank: loader'); ${on}` });
      const argv = ['--json', '--until-reboot', '--memory', '256'];
      const { code, stdout, stderr } = await host.run(argv).done;
      expect([code, documents(stdout)]).toMatchObject([
        7,
        [{ outcome, ended: expect.stringMatching(/reset|killed/), error: { code: 'boot.failed' } }],
      ]);
      expect(stderr).toMatch(
        new RegExp(`expected the ready line, found ${outcome}; it has 256MiB`),
      );
    },
  );

  it('that has begun nothing yet is ended at once', async () => {
    host = fakeHost({ on: "line('twinbank: loader');" });
    const run = host.run(['--json']);
    while (!host.left().includes('a process') || !host.executed().includes('human-monitor-command'))
      await new Promise(setImmediate);
    run.signal('SIGTERM');
    const { code, stdout } = await run.done;
    expect([code, documents(stdout)]).toMatchObject([143, [{ outcome: null, ended: 'killed' }]]);
    expect(host.executed()).not.toContain('system_powerdown');
  });

  it('that boots is ended in order as soon as it hears its power button', async () => {
    host = fakeHost({
      on: `line('twinbank: loader'); line('twinbank: booting bank 5');
        line('twinbank: stage=engine at=1.00s Node 22');
        const wait = setInterval(() => {
          if (!fs.existsSync(log + '.go')) return;
          clearInterval(wait);
          line('twinbank: stage=agents at=2.00s vmkd');
        }, 5);`,
    });
    const shown = sink();
    const run = host.run([], { stderr: shown.stream });
    while (!shown.text().includes('stage=engine')) await new Promise(setImmediate);
    run.signal('SIGTERM');
    expect(host.executed()).not.toContain('system_powerdown');
    host.go();
    const { code, stdout } = await run.done;
    expect([code, host.executed().at(-1)]).toEqual([143, 'system_powerdown']);
    expect(stdout).toMatch(/bank 5, it has powered off\n$/);
  });

  it('has the processor, memory and disks that were asked for', async () => {
    host = fakeHost();
    writeFileSync(join(host.folder, 'added, 2.img'), new Uint8Array(2 ** 20));
    const run = host.run([
      ...['--json', '--headless', '--cpu', 'EPYC', '--memory', '900'],
      ...['--add-disk', '8GiB', '--add-disk', 'added, 2.img'],
    ]);
    await run.ready();
    const words = host.words();
    expect(words).toContain('-cpu EPYC');
    expect(words).toContain('-m 900');
    const [, empty = ''] = /file=(\S+),format=raw,if=none,id=added1 /.exec(words) ?? [];
    expect(statSync(empty).size).toBe(8 * 2 ** 30);
    expect(words).toContain(`${host.folder}/added,, 2.img,format=raw,if=none,id=added2 `);
    expect(words).toContain('virtio-blk-pci,drive=added2,serial=twinbank-added2');
    run.signal('SIGTERM');
    await run.done;
  });

  it('runs on a copy, or with --write on the image itself', async () => {
    host = fakeHost();
    for (const [argv, own] of [
      [[], false],
      [['--write'], true],
    ] as const) {
      const run = host.run(['--json', '--headless', ...argv]);
      await run.ready();
      const words = host
        .told()
        .flatMap(({ start }) => (start === undefined ? [] : [String(start)]))
        .at(-1);
      expect(words?.includes(`file=${join(host.folder, 'host.img')},`)).toBe(own);
      run.signal('SIGTERM');
      await run.done;
    }
  });
});

describe("root's password", () => {
  const password = 'geheim-§ 1';

  it.each(['variable', 'descriptor'])(
    'is set from a %s before the host is ready, and shown nowhere',
    async (from) => {
      host = fakeHost();
      const file = join(host.folder, 'password');
      writeFileSync(file, `${password}\nmore\n`);
      const run =
        from === 'variable'
          ? host.run(['--json'], { env: { TWINBANK_PASSWORD: password } })
          : host.run(['--json', '--password-fd', `${openSync(file, 'r')}`]);
      await run.ready();
      const set = host.told().find(({ vmkd }) => vmkd === 'config.set');
      const { rootPasswordHash = '' } = set!.params as Record<string, string>;
      const [, , salt = ''] = rootPasswordHash.split('$');
      expect(salt).toHaveLength(16);
      expect(rootPasswordHash).toBe(sha512Crypt(password, salt));
      run.signal('SIGTERM');
      const { stdout, stderr } = await run.done;
      const seen = [stdout, stderr, JSON.stringify(host.told())].join('');
      expect(seen).not.toContain(password);
      expect(`${stdout}${stderr}`).not.toContain(rootPasswordHash);
    },
  );

  it('that a host does not take ends it', async () => {
    host = fakeHost({ vmkd: "if (method === 'config.set') return { failed: ['no room'] };" });
    const { code, stdout } = await host.run(['--json'], { env: { TWINBANK_PASSWORD: 'x' } }).done;
    expect([code, documents(stdout)]).toMatchObject([
      7,
      [{ error: { message: "root's password: expected the host to take it, found no room" } }],
    ]);
  });

  it('is told to last until the next boot only where it is not saved', async () => {
    host = fakeHost({
      vmkd: "if (method === 'config.set') return { saved: false, why: 'the bank is on trial' };",
    });
    const run = host.run(['--json'], { env: { TWINBANK_PASSWORD: 'x' } });
    await run.ready();
    run.signal('SIGTERM');
    expect((await run.done).stderr).toContain('until the next boot: the bank is on trial');
  });
});

describe('the console', () => {
  it('goes line by line to standard error where there is no terminal, and nowhere with --headless', async () => {
    for (const headless of [false, true]) {
      host = fakeHost();
      const shown = sink();
      const run = host.run(headless ? ['--headless'] : [], { stderr: shown.stream });
      while (!shown.text().includes('vmkd: /')) await new Promise(setImmediate);
      run.signal('SIGTERM');
      const { stdout } = await run.done;
      expect(shown.text().includes('twinbank: loader')).toBe(!headless);
      expect(shown.text()).toContain('port 443: https://127.0.0.1:40443/\n');
      expect(stdout).toBe('healthy: bank 5, it has powered off\n');
      if (!headless) host.restore();
    }
  });

  it('is the terminal where there is one: keys, size, and its end', async () => {
    host = fakeHost({
      typed: `if (String(bytes).includes('b')) serial.write('\\x1b[999;999H\\x1b[6n');`,
    });
    const keys = keyboard();
    const screen = sink();
    const stdout = Object.assign(screen.stream, { isTTY: true, rows: 33, columns: 101 });
    const run = host.run([], { ...keys.host, stdout });
    while (!screen.text().includes('ready build')) await new Promise(setImmediate);
    expect(keys.modes).toEqual([true]);
    // A key may come in two chunks, and Ctrl-C is the host's.
    keys.host.stdin.write('a\x03\x01');
    keys.host.stdin.write('hb');
    while (!host.typed().includes('R')) await new Promise(setImmediate);
    expect(host.typed()).toBe('a\x03b\x1b[33;101R');
    expect(screen.text()).toContain('Ctrl-A x  ends the host in order');
    expect(screen.text()).toContain('\x1b[999;999H');
    expect(screen.text()).not.toContain('\x1b[6n');
    keys.host.stdin.write('\x01x');
    const { code } = await run.done;
    expect([code, keys.modes]).toEqual([0, [true, false]]);
    expect(host.executed()).toContain('system_powerdown');
  });

  it('ends at once by a second Ctrl-A x', async () => {
    host = fakeHost({ button: '' });
    const keys = keyboard();
    const screen = sink({ isTTY: true, columns: 80 });
    const run = host.run([], { ...keys.host, stdout: screen.stream });
    while (!screen.text().includes('ready build')) await new Promise(setImmediate);
    keys.host.stdin.write('\x01x');
    while (!host.executed().includes('system_powerdown')) await new Promise(setImmediate);
    keys.host.stdin.write('\x01X');
    expect((await run.done).code).toBe(0);
    expect(screen.text()).toMatch(/it was ended at once\n$/);
  });
});

describe('a command line that no host can be run by', () => {
  it.each([
    [['--forward', '443'], '--forward 443: expected [udp:]HOSTPORT:PORT, ports from 1 to 65535'],
    [['--forward', '70000:1'], '--forward 70000:1: expected [udp:]HOSTPORT:PORT'],
    [
      ['--forward', '8443:443', '--forward', '8443:80'],
      '--forward 8443:80: expected a port 8443 that is forwarded once, found it in 8443:443, too',
    ],
    [
      ['--add-disk', '8GB'],
      '--add-disk 8GB: expected a size such as 8GiB, or a file with a disk, found neither',
    ],
    [
      ['--add-disk', '1KiB'],
      '--add-disk 1KiB: expected a size of whole sectors from 1MiB to 16384GiB, found 1KiB',
    ],
    [
      ['--add-disk', 'host.img'],
      '--add-disk host.img: expected a disk that is named once, found it as the image',
    ],
    [['--memory', '64'], '--memory: expected a whole number from 128 to 65536, found 64'],
    [['--cpu', 'help'], "--cpu: expected QEMU's processor model, found help"],
    [
      ['--password-fd', '77'],
      '--password-fd: expected a descriptor that is open, found none of this number; npx passes no descriptors on; set TWINBANK_PASSWORD, or start twinbank without npx',
    ],
  ])('is refused in one sentence: %j', async (argv, message) => {
    host = fakeHost();
    const { code, stdout, stderr } = await host.run(['--json', ...argv]).done;
    expect(stderr).toContain(`twinbank: ${message}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
    expect(stdout.includes('"ready"')).toBe(false);
  });

  it('names the port that somebody else has, TCP and UDP', async () => {
    host = fakeHost();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    for (const text of [`${port}:443`, `udp:${socket.address().port}:161`]) {
      const { code, stderr } = await host.run(['--forward', text]).done;
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(
          `^twinbank: --forward ${text}: expected (tcp|udp) port \\d+ of 127.0.0.1 to be free, found another program listening there\n$`,
        ),
      ]);
    }
    server.close();
    socket.close();
  });

  it('refuses a disk that another machine has open', async () => {
    host = fakeHost();
    const file = join(host.folder, 'busy.img');
    writeFileSync(file, new Uint8Array(2 ** 20));
    const letGo = await holdForeignLock(file);
    const { code, stderr } = await host.run(['--add-disk', 'busy.img']).done;
    letGo();
    expect([code, stderr]).toEqual([
      8,
      expect.stringMatching(/busy\.img: expected a disk file that nobody uses, found a lock on it/),
    ]);
  });

  it('says of a processor what QEMU says, as one line of JSON', async () => {
    host = fakeHost({ refuses: "qemu-system-x86_64: unable to find CPU model 'nosuch'" });
    const { code, stdout } = await host.run(['--json', '--cpu', 'nosuch']).done;
    expect([code, documents(stdout)]).toMatchObject([2, [{ error: { code: 'usage.cpu' } }]]);
  });
});
