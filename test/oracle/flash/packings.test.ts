import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packingBy, packingHeadBytes } from '../../../src/flash/packing.ts';
import { unpack } from '../../../src/host/unpack.ts';
import { smallImage } from '../../unit/bootloader/small-image.ts';
import { runHere } from '../../unit/cli/host.ts';
import { judgedBy } from '../components/foreign-tool.ts';
import { huffman, lzip, lzw, oldZstd, zipOf } from './old-packings.ts';

const data = Buffer.concat([randomBytes(150_000), Buffer.alloc(100_000), randomBytes(50_000)]);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const pack = (tool: string, args: string[], input: Uint8Array = data): Buffer =>
  execFileSync(tool, args, { input, stdio: ['pipe', 'pipe', 'ignore'], maxBuffer: 2 ** 26 });

/** RFC 8878, 3.1.2: a magic of sixteen, the size, and bytes that mean nothing. */
function skippable(nibble: number, bytes: string): Buffer {
  const head = Buffer.from([0x50 + nibble, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, Buffer.from(bytes)]);
}

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0xff;
  return copy;
}

/** Files around one stream: what is sound, what is not, and what is at the edge; the judge says which. */
function around(one: Buffer): Record<string, Buffer> {
  const zeros = (count: number) => Buffer.alloc(count);
  return {
    plain: one,
    'two streams': Buffer.concat([one, one]),
    'zeros behind it': Buffer.concat([one, zeros(1024)]),
    'three zeros behind it': Buffer.concat([one, zeros(3)]),
    'a stream behind zeros': Buffer.concat([one, zeros(8), one]),
    'other bytes behind it': Buffer.concat([one, Buffer.from('other bytes behind it')]),
    'other bytes behind zeros': Buffer.concat([one, zeros(8), Buffer.from('other bytes')]),
    'half a stream behind it': Buffer.concat([one, one.subarray(0, 40)]),
    'cut short': one.subarray(0, one.length - 10),
    'cut in its header': one.subarray(0, 7),
    'a wrong byte': changed(one, 70_000),
    'a wrong last byte': changed(one, one.length - 1),
  };
}

async function unpacked(packed: Buffer): Promise<string> {
  const packing = packingBy(packed.subarray(0, packingHeadBytes));
  const [by, format] = [packing?.by, packing?.name];
  expect(by).toBeDefined();
  // Chunks that end where nothing else ends.
  const pieces = Array.from({ length: Math.ceil(packed.length / 7777) }, (_, n) =>
    packed.subarray(n * 7777, (n + 1) * 7777),
  );
  const hash = createHash('sha256');
  for await (const chunk of unpack(Readable.from(pieces), by!, { format })) hash.update(chunk);
  return hash.digest('hex');
}

const judges = { gzip: ['-dc'], xz: ['-dc'], zstd: ['-dcq'] } as const;

async function expectAsJudged(tool: keyof typeof judges, packed: Buffer): Promise<boolean> {
  const format = packingBy(packed.subarray(0, packingHeadBytes))?.name;
  const { status, stdout } = spawnSync(tool, judges[tool], { input: packed, maxBuffer: 2 ** 26 });
  if (status === 0) expect(await unpacked(packed)).toBe(sha256(stdout));
  else {
    await expect(unpacked(packed)).rejects.toThrow(
      new RegExp(
        `^(${format} data that|other bytes behind the end of its ${format} data|bytes that are|an archive of)`,
      ),
    );
  }
  return status === 0;
}

judgedBy(['gzip', 'xz', 'zstd'], () => {
  const packed = {
    gzip: pack('gzip', ['-1c']),
    xz: pack('xz', ['-0c']),
    zstd: pack('zstd', ['-1qc']),
  };

  it.each(
    (['gzip', 'xz', 'zstd'] as const).flatMap((tool) =>
      Object.entries(around(packed[tool])).map(([what, bytes]) => ({ tool, what, bytes })),
    ),
  )('unpacks or refuses as $tool -dc does: $what', async ({ tool, bytes }) => {
    await expectAsJudged(tool, bytes);
  });

  it('unpacks zstd with frames to be skipped, before, between and behind', async () => {
    const { zstd } = packed;
    for (const nibble of [0, 7, 15]) {
      const skip = skippable(nibble, 'nothing');
      const whole = Buffer.concat([skip, skip, zstd, skip, zstd, skip]);
      expect(await expectAsJudged('zstd', whole)).toBe(true);
    }
    expect(await expectAsJudged('zstd', pack('pzstd', ['-qc']))).toBe(true);
    const half = Buffer.concat([zstd, skippable(0, 'nothing').subarray(0, 10)]);
    expect(await expectAsJudged('zstd', half)).toBe(false);
  });

  it('unpacks a zstd window of 2 GiB, which zstd -dc alone refuses', async () => {
    const wide = pack('zstd', ['-1q', '--long=31', '--single-thread', '-c']);
    expect(spawnSync('zstd', judges.zstd, { input: wide }).status).not.toBe(0);
    expect(await unpacked(wide)).toBe(sha256(data));
  });

  it('unpacks the older .lzma as xz does', async () => {
    const lzma = pack('xz', ['--format=lzma', '-0c']);
    expect(await expectAsJudged('xz', lzma)).toBe(true);
    expect(await expectAsJudged('xz', lzma.subarray(0, lzma.length - 100))).toBe(false);
  });

  it('unpacks what gzip takes of older programs: compress, pack and zip', async () => {
    const some = data.subarray(0, 20_000);
    const files = { lzw: lzw(some), huffman: huffman(some), zip: zipOf({ 'x.img': some }) };
    for (const [name, one] of Object.entries(files)) {
      expect([name, await expectAsJudged('gzip', one)]).toEqual([name, true]);
      expect([name, await unpacked(one)]).toEqual([name, sha256(some)]);
    }
    expect(await expectAsJudged('gzip', files.huffman.subarray(0, 10_000))).toBe(false);
    expect(await expectAsJudged('gzip', zipOf({ 'x.img': some, 'y.img': some }))).toBe(false);
  });

  it('unpacks lzip as xz does', async () => {
    const one = lzip(data);
    expect(await expectAsJudged('xz', one)).toBe(true);
    expect(await unpacked(one)).toBe(sha256(data));
    expect(await expectAsJudged('xz', Buffer.concat([one, one]))).toBe(true);
    expect(await expectAsJudged('xz', changed(one, one.length - 18))).toBe(false);
    expect(await expectAsJudged('xz', one.subarray(0, one.length - 30))).toBe(false);
  });

  it('takes and refuses the frames of old versions of zstd as it does itself', async () => {
    const taken: boolean[] = [];
    for (let version = 1; version <= 7; version++) {
      taken.push(await expectAsJudged('zstd', oldZstd(version, data.subarray(0, 1000))));
    }
    // The judge has to have taken one, or the frames are none.
    expect(taken).toContain(true);
  });

  it('is led astray by no options in the environment', async () => {
    Object.assign(process.env, { XZ_OPT: '--list', XZ_DEFAULTS: '--memlimit=1', GZIP: '-l' });
    try {
      for (const one of [packed.gzip, packed.xz]) expect(await unpacked(one)).toBe(sha256(data));
    } finally {
      for (const name of ['XZ_OPT', 'XZ_DEFAULTS', 'GZIP']) delete process.env[name];
    }
  });
});

judgedBy(['zstd', 'lz4'], () => {
  it('unpacks or refuses lz4 as zstd does', async () => {
    const one = pack('lz4', ['-1c']);
    for (const [what, bytes] of Object.entries(around(one))) {
      const taken = await expectAsJudged('zstd', bytes);
      if (what === 'plain') expect(taken).toBe(true);
    }
    expect(await expectAsJudged('zstd', Buffer.concat([skippable(3, 'made by'), one]))).toBe(true);
  });
});

judgedBy(['zstd', 'cmp'], () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'oracle-packings-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('flash takes an image whose file begins with a frame to be skipped, and names what it refuses', async () => {
    const { bytes } = smallImage();
    const frame = Buffer.concat([skippable(3, 'made by'), pack('zstd', ['-1qc'], bytes)]);
    writeFileSync(join(folder, 'x.img'), bytes);
    writeFileSync(join(folder, 'x.img.zst'), frame);
    writeFileSync(join(folder, 'tail.img.zst'), Buffer.concat([frame, Buffer.from('tail')]));
    const flash = (...argv: string[]) => runHere(['flash', ...argv], { host: { cwd: folder } });
    expect((await flash('x.img.zst', 'd.img')).code).toBe(0);
    expect(spawnSync('cmp', [join(folder, 'x.img'), join(folder, 'd.img')]).status).toBe(0);
    const { code, stderr } = await flash('tail.img.zst', 'none.img');
    expect(code).toBe(6);
    expect(stderr).toMatch(
      /^twinbank: .*tail\.img\.zst: expected it to unpack, found: (bytes that are no zstd data|zstd data that)/m,
    );
    const bzip2 = Buffer.concat([Buffer.from('BZh91AY&SY'), randomBytes(1000)]);
    writeFileSync(join(folder, 'x.img.bz2'), bzip2);
    const other = await flash('x.img.bz2', 'none.img');
    expect([other.code, other.stderr]).toEqual([
      6,
      expect.stringContaining(
        'x.img.bz2: expected an image, or one packed by gzip, xz, zstd or lz4, found one packed by bzip2; unpack it first',
      ),
    ]);
  });
});
