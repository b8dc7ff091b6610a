import { describe, expect, it } from 'vitest';
import { encodeBankEnv, readBankEnv } from '../../../src/bootloader/bank-env.ts';
import {
  type BootCfg,
  encodeBootCfg,
  readBootCfg,
  savedByGrub,
  withMarks,
} from '../../../src/bootloader/boot-cfg.ts';
import { decodeEnvBlock, encodeEnvBlock } from '../../../src/bootloader/env-block.ts';
import { encodeSum, readSum, sha256 } from '../../../src/bootloader/sum-file.ts';
import { changedBytes } from '../../support/changed-bytes.ts';

const cfg: BootCfg = {
  bootstate: '0',
  attempts: '2',
  verdict: 'H',
  updated: 41,
  build: '1.2.3-400',
  kernel: 'vmkernel',
  kernelopt: 'console=tty0 quiet',
  modules: ['boot.v00', 'engine.v00'],
  title: 'twinbank 1.2.3',
};

// Written by hand from the contract, not by the encoder.
const written = Buffer.from(
  `# GRUB Environment Block
bootstate=0
attempts=2
verdict=H
updated=41
build=1.2.3-400
kernel=vmkernel
kernelopt=console=tty0 quiet
modules=boot.v00 --- engine.v00
title=twinbank 1.2.3
`.padEnd(1024, '#'),
);

const edited = (from: string, to: string) =>
  Buffer.from(written.toString().replace(from, to).padEnd(1024, '#').slice(0, 1024));

describe('boot.cfg', () => {
  it('is written as the contract says, in 1024 bytes', () => {
    expect(Buffer.from(encodeBootCfg(cfg)).toString()).toBe(written.toString());
  });

  it('is read back as it was written', () => {
    expect(readBootCfg(written)).toEqual({ ok: true, cfg, problems: [] });
  });

  it.each([
    ['bootstate', 'bootstate=0', 'bootstate=4'],
    ['attempts', 'attempts=2', 'attempts='],
    ['verdict', 'verdict=H', 'verdict=h'],
    ['updated', 'updated=41', 'updated=041'],
    ['updated', 'updated=41', 'updated=1000000000'],
    ['updated', 'updated=41', 'updated=0'],
    ['updated', 'updated=41\n', ''],
    ['build', 'build=1', 'build=v1'],
    ['kernel', 'kernel=vmkernel', 'kernel='],
    ['modules', 'modules=', 'modulez='],
    ['build', '-400', '\r400'],
    ['verdict', 'updated=41', 'verdict=H'],
  ])('is malformed in %s when %j becomes %j', (key, from, to) => {
    const reading = readBootCfg(edited(from, to));
    expect(reading).toMatchObject({ ok: false, key });
  });

  it('says at which byte it is wrong', () => {
    const reading = readBootCfg(edited('attempts=2', 'attempts=x'));
    // 25 bytes of signature, 12 of "bootstate=0\n", 9 of "attempts=".
    expect(reading).toMatchObject({ reason: 'attempts at byte 46: expected ^[0-3]$, found "x"' });
  });

  it('is malformed when its first line is damaged or it is empty', () => {
    expect(readBootCfg(edited('# GRUB', '# GRUP'))).toMatchObject({
      ok: false,
      key: 'bootstate',
      problems: [{ offset: 5 }],
    });
    expect(readBootCfg(new Uint8Array())).toMatchObject({ ok: false, key: 'bootstate' });
  });

  it.each([
    ['kernelopt', { kernelopt: 'a"b' }],
    ['title', { title: 'Grün' }],
    ['title', { title: 'back\\slash' }],
    ['kernelopt', { kernelopt: 'root=x /dev/*' }],
    ['kernel', { kernel: 'sub/vmkernel' }],
    ['modules', { modules: [] }],
    ['modules', { modules: ['a b'] }],
    ['build', { build: 'v1' }],
    ['build', { build: '1 2' }],
    ['updated', { updated: 1_000_000_000 }],
    ['modules', { modules: Array.from({ length: 80 }, (_, i) => `module${i}.v00`) }],
  ])('refuses by its name a %s that the loader would not take', (key, change) => {
    expect(() => encodeBootCfg({ ...cfg, ...change })).toThrow(`boot.cfg ${key}: `);
  });

  it('fills the 1024 bytes to the last one and refuses one more', () => {
    const room = 1024 - written.toString().replace(/#+$/, '').length;
    const title = cfg.title + 'x'.repeat(room);
    expect(
      Buffer.from(encodeBootCfg({ ...cfg, title }))
        .toString()
        .endsWith('xx\n'),
    ).toBe(true);
    expect(() => encodeBootCfg({ ...cfg, title: `${title}x` })).toThrow('boot.cfg title: ');
  });

  it('changes one character a mark, in the first sector, as save_env does', () => {
    const changed = withMarks(written, { bootstate: '2', verdict: 'T' });
    const differing = changedBytes(written, changed);
    expect(differing).toEqual([35, 56]);
    expect(Buffer.from(changed)).toEqual(
      Buffer.from(savedByGrub(written, { bootstate: '2', verdict: 'T' }) ?? []),
    );
    expect(withMarks(written.subarray(0, 512), { attempts: '3' })).toHaveLength(512);
  });

  it('is not changed where a mark has no single place', () => {
    expect(() => withMarks(edited('verdict=H', 'verdict=HH'), { verdict: '-' })).toThrow(
      'boot.cfg verdict: ',
    );
    expect(savedByGrub(edited('verdict=H', 'verdict=HH'), { verdict: '-' })).toBeUndefined();
  });

  it.each([
    ['after an empty line', '\nbootstate=2', '2'],
    ['in a value', 'x=\\\nbootstate=2', '3'],
  ])('is changed where the loader reads it, and not %s', (_, line, mark) => {
    const bytes = edited('bootstate=0', `${line}\nbootstate=1`);
    expect(readBootCfg(bytes)).toMatchObject({ ok: true, cfg: { bootstate: '1' } });
    const changed = withMarks(bytes, { bootstate: mark as '2' | '3' });
    expect(readBootCfg(changed)).toMatchObject({ ok: true, cfg: { bootstate: mark } });
  });

  it('is not changed where the line is no line of its own', () => {
    const found = 'found 2';
    expect(() => withMarks(edited('verdict=H', 'verdict=H\nverdict=T'), { verdict: '-' })).toThrow(
      found,
    );
    expect(() => withMarks(edited('verdict=H', 'verdict=\\H'), { verdict: '-' })).toThrow(
      'found 1',
    );
  });

  it('cannot be saved by GRUB when its filler is damaged', () => {
    const damaged = Uint8Array.from(written);
    damaged[1000] = 0x40;
    expect(readBootCfg(damaged)).toMatchObject({ ok: true, problems: [{ offset: 1000 }] });
    expect(savedByGrub(damaged, { attempts: '3' })).toBeUndefined();
  });
});

describe('environment block', () => {
  it('reports a repeated key at its second place', () => {
    const block = decodeEnvBlock(edited('updated=41', 'attempts=1'));
    expect(block.problems).toEqual([
      { offset: 58, message: 'attempts: expected it once, found it again' },
    ]);
  });

  it.each([
    ['values', 'a=\n'],
    ['filler', '#\n'],
    ['hidden line ends', 'a=\\\n\n'],
  ])('of a mebibyte of %s is read at once, with its first problems', (_, line) => {
    const begun = process.cpuUsage().user;
    const text = `# GRUB Environment Block\n${line.repeat(2 ** 20 / line.length)}`;
    expect(decodeEnvBlock(Buffer.from(text)).problems.length).toBeLessThan(25);
    // It was a minute.
    expect((process.cpuUsage().user - begun) / 1e6).toBeLessThan(5);
  });

  it('names keys shortly, whatever they are', () => {
    const long = `# GRUB Environment Block\n${'k'.repeat(9000)}=\u001b\n\u001b[2J=é\n`;
    for (const { message } of decodeEnvBlock(Buffer.from(long)).problems) {
      expect(message).toMatch(/^[ -~]{1,120}$/);
    }
  });

  it('takes a line without = for the beginning of the next key, as GRUB does', () => {
    const block = decodeEnvBlock(edited('bootstate=0', 'bootstate_0'));
    expect(block.entries[0]).toMatchObject({ key: 'bootstate_0\nattempts', value: '2' });
    expect(readBootCfg(edited('bootstate=0', 'bootstate_0'))).toMatchObject({ key: 'bootstate' });
  });

  it('refuses a key twice', () => {
    expect(() =>
      encodeEnvBlock(
        [
          ['a', '1'],
          ['a', '2'],
        ],
        'x.env',
      ),
    ).toThrow('x.env a: ');
  });
});

describe('bank.env', () => {
  it('holds kernel, kernelopt, modules and build', () => {
    const bytes = encodeBankEnv(cfg);
    expect(Buffer.from(bytes).toString().replace(/#+$/, '')).toBe(
      '# GRUB Environment Block\nkernel=vmkernel\nkernelopt=console=tty0 quiet\n' +
        'modules=boot.v00 --- engine.v00\nbuild=1.2.3-400\n',
    );
    expect(readBankEnv(bytes)).toEqual({
      kernel: cfg.kernel,
      kernelopt: cfg.kernelopt,
      modules: cfg.modules,
      build: cfg.build,
    });
    expect(readBankEnv(Buffer.from('nothing'))).toBeUndefined();
  });
});

describe('NAME.sum', () => {
  // sha256sum of the empty input, from FIPS 180-4's well-known value.
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

  it('is the line that sha256sum prints', () => {
    expect(sha256(new Uint8Array())).toBe(empty);
    expect(Buffer.from(encodeSum('a.v00', empty)).toString()).toBe(`${empty}  a.v00\n`);
  });

  it.each([
    ['as written', `${empty}  a.v00\n`, empty],
    ['in capitals, which GRUB takes', `${empty.toUpperCase()}  A.V00\n`, empty],
    ['without its last newline', `${empty}  a.v00`, empty],
    ['of another file', `${empty}  b.v00\n`, undefined],
    ['cut short', empty, undefined],
    ['with one blank', `${empty} a.v00\n`, undefined],
    ['of two lines', `${empty}  a.v00\n${empty}  a.v00\n`, undefined],
    ['empty', '', undefined],
  ])('is read when it is %s', (_how, text, digest) => {
    expect(readSum(Buffer.from(text), 'a.v00')).toBe(digest);
  });
});
