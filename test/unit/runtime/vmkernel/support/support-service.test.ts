import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  type Collector,
  hostCollectors,
  oemCollectors,
  programCollector,
} from '../../../../../src/runtime/vmkernel/support/collectors.ts';
import {
  type SupportAnswer,
  supportMethods,
} from '../../../../../src/runtime/vmkernel/support/support-service.ts';
import { readTar } from '../../../../../src/state/tar.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const limits = { timeoutMs: 400, bytes: 1000 };
const shell = (script: string) =>
  programCollector('x.txt', '/bin/sh', ['-c', script], { PATH: '/usr/bin:/bin' }, limits);
const texts = async (script: string) => {
  const { bytes, problem } = await shell(script).run();
  return { text: Buffer.from(bytes).toString(), problem };
};

describe('a collector that is a program', () => {
  test('gives both of its streams', async () => {
    expect(await texts('echo out; echo err >&2')).toEqual({
      text: 'out\nerr\n',
      problem: undefined,
    });
  });

  test.each([
    ['fails', 'echo half; exit 3', 'half\n', 'it ended with exit code 3'],
    [
      'hangs, with a child that holds its output',
      'echo half; sleep 60 & sleep 60',
      'half\n',
      'it did not end in 0.4 s',
    ],
    [
      'ends while a child holds its output',
      'echo half; sleep 60 &',
      'half\n',
      'it did not end in 0.4 s',
    ],
  ])('that %s keeps what there is', async (_what, script, text, problem) => {
    expect(await texts(script)).toEqual({ text, problem });
  });

  test('that says too much is cut and killed', async () => {
    const { text, problem } = await texts('while :; do echo 0123456789; done');
    expect([text.length, problem]).toEqual([1000, 'it said more than 1000 bytes']);
  });

  test('that is not there is told', async () => {
    const { problem } = await programCollector('x', '/nowhere/x', []).run();
    expect(problem).toContain('ENOENT');
  });
});

test('tells all that an OEM says of itself', async () => {
  const facts = {
    schemaVersion: 1,
    name: 'acme',
    vendor: 'ACME',
    version: '1.0',
    description: 'Racks',
    load: ['fan'],
    defaults: { ntp: { servers: ['a.b'] }, console: { title: 'T', text: 'X', logo: ['#'] } },
    support: { assetTag: 'X1', links: [{ title: 'Help', url: 'https://a.b/' }], scripts: ['/s'] },
  };
  const root = temporaryFiles({ 'etc/twinbank/oem/acme.json': JSON.stringify(facts) });
  const oems = hostCollectors({}, [], undefined, root).find(({ file }) => file === 'oems.json');
  const { bytes } = (await oems?.run()) ?? {};
  expect(JSON.parse(Buffer.from(bytes ?? []).toString())).toEqual([facts]);
});

test('K6: has the dumps of worlds that have ended', async () => {
  const folder = temporaryFiles({ 'lamp-1.json': '{}', 'lamp-2.json': 'second' });
  const found = hostCollectors({}, [], undefined, folder, folder).filter(({ file }) =>
    file.startsWith('worlds/'),
  );
  expect(found.map(({ file }) => file)).toEqual(['worlds/lamp-1.json', 'worlds/lamp-2.json']);
  expect(Buffer.from((await found[1]!.run()).bytes).toString()).toBe('second');
});

test('I5: has the state of core dumps, and the logs of kernels that panicked, but no dump', async () => {
  const collected = async (dump: object | null) => {
    const methods = {
      'coredump.status': () => ({ armed: true, dump }),
      'coredump.fetch': ({ part, offset }: Record<string, unknown>) => {
        const text = `${part} of a panic`;
        const next = Math.min(Number(offset) + 6, text.length);
        const data = Buffer.from(text.slice(Number(offset), next)).toString('base64');
        return { data, next, end: next === text.length };
      },
    };
    const found = hostCollectors(methods, [], undefined, temporaryFiles({}));
    const own = found.filter(({ file }) => file.startsWith('coredump/'));
    return Promise.all(
      own.map(async ({ file, run }) => [file, Buffer.from((await run()).bytes).toString()]),
    );
  };
  const [status, ...none] = await collected(null);
  expect([status?.[0], none]).toEqual(['coredump/status.json', []]);
  expect(JSON.parse(String(status?.[1]))).toEqual({ armed: true, dump: null });
  const [, ...one] = await collected({ later: { count: 0 } });
  expect(one).toEqual([['coredump/log.txt', 'log of a panic']]);
  const [, ...both] = await collected({ later: { count: 2 } });
  expect(both[1]).toEqual(['coredump/later-log.txt', 'later-log of a panic']);
});

test('looks at memory and processor before it asks anybody, which takes both', () => {
  const asked = { status: () => ({}), 'worlds.list': () => ({}) };
  const order = hostCollectors(asked, [], undefined, temporaryFiles({})).map(({ file }) => file);
  const looks = ['process-memory.json', 'files/proc/meminfo', 'files/proc/stat'];
  expect(order.slice(0, 3)).toEqual(looks);
  expect(order).toContain('status.json');
});

describe('a support bundle', () => {
  const one = (file: string, run: Collector['run']): Collector => ({ file, run });
  const collectors = [
    one('good.txt', async () => ({ bytes: Buffer.from('good') })),
    one('throws.txt', async () => {
      throw new Error('no bus');
    }),
    one('hangs.txt', () => new Promise(() => {})),
    one('large.txt', async () => ({ bytes: new Uint8Array(1001) })),
    one('last.txt', async () => ({ bytes: Buffer.from('last'), problem: 'half of it' })),
  ];

  test('has what the others gave, lists who failed and why, and is for its owner alone', async () => {
    const path = join(temporaryFiles({}), 'support.tgz');
    const methods = supportMethods({ collectors: () => collectors, path, limits });
    expect(() => methods['support.read']?.({})).toThrow('call support.collect first');
    const answer = (await methods['support.collect']?.({})) as SupportAnswer;
    expect(answer.collectors.map(({ file, problem }) => [file, problem])).toEqual([
      ['good.txt', null],
      ['throws.txt', 'no bus'],
      ['hangs.txt', 'no answer in 0.4 s'],
      ['large.txt', 'it has more than 1000 bytes'],
      ['last.txt', 'half of it'],
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const files = readTar(gunzipSync(readFileSync(path)));
    expect(files.map((file) => [file.path, file.bytes.length]).slice(1)).toEqual([
      ...[
        ['good.txt', 4],
        ['large.txt', 1000],
        ['last.txt', 4],
      ],
    ]);
    expect(JSON.parse(Buffer.from(files[0]!.bytes).toString())).toMatchObject({
      collectors: answer.collectors,
    });
    const piece = methods['support.read']?.({}) as { data: string; next: number; end: boolean };
    expect(Buffer.from(piece.data, 'base64').equals(readFileSync(path))).toBe(true);
    expect([piece.next, piece.end]).toEqual([answer.bytes, true]);
    expect(() => methods['support.read']?.({ offset: -1 })).toThrow(
      'offset: expected a number from 0',
    );
  });
});

describe("a support bundle's name", () => {
  const collectors = (): Collector[] => [];

  test('may be a pipe or a link that an agent has left: it is a new file', async () => {
    const folder = temporaryFiles({ shadow: 'secret' });
    const path = join(folder, 'support.tgz');
    execFileSync('mkfifo', [`${path}.new`]);
    symlinkSync(join(folder, 'shadow'), path);
    const methods = supportMethods({ collectors, path, limits });
    expect(() => methods['support.read']?.({})).toThrow('found none');
    await methods['support.collect']?.({});
    expect(lstatSync(path)).toMatchObject({ uid: process.getuid?.() });
    expect(lstatSync(path).isFile()).toBe(true);
    expect(readFileSync(join(folder, 'shadow'), 'utf8')).toBe('secret');
    expect(methods['support.read']?.({})).toMatchObject({ end: true });
  });

  test('in a folder where others may write is refused, with the pipe of an agent unopened', async () => {
    const folder = temporaryFiles({ x: '' });
    const path = join(folder, 'support.tgz');
    execFileSync('mkfifo', [`${path}.new`]);
    chmodSync(folder, 0o1777);
    const methods = supportMethods({ collectors, path, limits });
    await expect(methods['support.collect']?.({})).rejects.toThrow('that others may write');
    expect(readdirSync(folder)).toEqual(['support.tgz.new', 'x']);
  });
});

test("an OEM's scripts are collectors, with its programs at hand", async () => {
  const root = temporaryFiles({
    'etc/twinbank/oem/acme.json': JSON.stringify({
      name: 'acme',
      vendor: 'ACME',
      version: '1',
      defaults: {},
      support: { scripts: ['/usr/lib/twinbank/support/acme/collect.sh'] },
    }),
    'etc/twinbank/oem/none.json': JSON.stringify({ name: 'none', defaults: {} }),
  });
  expect(oemCollectors(root).map(({ file }) => file)).toEqual(['oem/acme/collect.sh.txt']);
});
