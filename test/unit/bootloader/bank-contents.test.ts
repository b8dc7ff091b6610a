import { describe, expect, it } from 'vitest';
import { checkBank, readBankBootCfg } from '../../../src/bootloader/bank-contents.ts';
import { encodeBankEnv } from '../../../src/bootloader/bank-env.ts';
import { type BootCfg, encodeBootCfg } from '../../../src/bootloader/boot-cfg.ts';
import { type LoaderBank, loaderIo } from '../../../src/bootloader/loader-io.ts';
import { loaderLine } from '../../../src/bootloader/loader-line.ts';
import { selectBank } from '../../../src/bootloader/select-bank.ts';
import { encodeSum, sha256 } from '../../../src/bootloader/sum-file.ts';
import { changedBytes } from '../../support/changed-bytes.ts';

const cfg: BootCfg = {
  bootstate: '1',
  attempts: '0',
  verdict: '-',
  updated: 7,
  build: '2.0-1',
  kernel: 'vmkernel',
  kernelopt: 'quiet',
  modules: ['boot.v00', 'a.v00'],
  title: '',
};

function bankOf(change: (files: Map<string, Uint8Array>) => void = () => {}): LoaderBank & {
  files: Map<string, Uint8Array>;
  reads: string[];
} {
  const files = new Map<string, Uint8Array>([
    ['bank.env', encodeBankEnv(cfg)],
    ['vmkernel', Buffer.from('kernel')],
    ['boot.v00', Buffer.from('boot')],
    ['a.v00', Buffer.from('a')],
  ]);
  for (const [name, bytes] of [...files]) files.set(`${name}.sum`, encodeSum(name, sha256(bytes)));
  files.set('boot.cfg', encodeBootCfg(cfg));
  change(files);
  const reads: string[] = [];
  return {
    partition: 5,
    files,
    reads,
    read(path) {
      reads.push(path);
      return files.get(path);
    },
    writeBootCfg: (bytes) => files.set('boot.cfg', bytes),
  };
}

describe('the contents of a bank', () => {
  it('are right when each file is what its .sum says, and each is read once', () => {
    const bank = bankOf();
    const { files, problem } = checkBank(bank, cfg);
    expect(problem).toBeUndefined();
    expect(files.map((file) => [file.name, file.ok])).toEqual([
      ['bank.env', true],
      ['vmkernel', true],
      ['boot.v00', true],
      ['a.v00', true],
    ]);
    expect(bank.reads.filter((path) => path === 'a.v00')).toHaveLength(1);
  });

  it.each<[string, (files: Map<string, Uint8Array>) => void, string]>([
    ['a changed module', (f) => f.set('a.v00', Buffer.from('b')), 'a.v00 does not match its hash'],
    ['no module', (f) => f.delete('a.v00'), 'a.v00 is missing or empty'],
    ['no .sum', (f) => f.delete('a.v00.sum'), 'a.v00.sum is missing or empty'],
    ['an empty .sum', (f) => f.set('a.v00.sum', Buffer.alloc(0)), 'a.v00.sum is missing or empty'],
    [
      'another .sum',
      (f) => f.set('a.v00.sum', f.get('vmkernel.sum')!),
      'a.v00 does not match its hash',
    ],
    [
      'a changed bank.env',
      (f) => f.get('bank.env')!.set([0x78], 60),
      'bank.env does not match its hash',
    ],
    ['no bank.env', (f) => f.delete('bank.env'), 'bank.env is missing or empty'],
  ])('are wrong with %s', (_what, change, problem) => {
    expect(checkBank(bankOf(change), cfg)).toMatchObject({ problem });
  });

  it.each(['kernel', 'kernelopt', 'modules', 'build'] as const)(
    'are wrong when boot.cfg has another %s than bank.env',
    (key) => {
      const other = key === 'modules' ? ['boot.v00'] : '9x';
      const { problem } = checkBank(bankOf(), { ...cfg, [key]: other });
      expect(problem).toBe(`bank.env and boot.cfg differ in ${key}`);
    },
  );

  it('are all looked at, but for a loader only up to the first problem', () => {
    const bank = bankOf((files) => files.delete('vmkernel'));
    expect(checkBank(bank, cfg).files).toHaveLength(4);
    expect(checkBank(bank, cfg, { stopAtFirst: true }).files).toHaveLength(2);
  });

  it('are malformed when boot.cfg cannot be read at all', () => {
    const read = () => {
      throw new Error('crossed chain');
    };
    expect(readBankBootCfg({ read })).toMatchObject({ ok: false, key: 'bootstate' });
  });

  it('boot through the loader: marked in place, verified, with the words of its console', () => {
    const bank = bankOf();
    const { facts, io } = loaderIo([bank]);
    const { events } = selectBank(facts, io);
    expect(events.map(loaderLine)).toEqual([
      'twinbank: bank 5 UPGRADING attempts=0 verdict=- updated=7 build=2.0-1',
      'twinbank: bank 5 set bootstate=2 attempts=0 verdict=-',
      'twinbank: verifying bank 5',
      'twinbank: booting bank 5 build=2.0-1',
    ]);
    const before = encodeBootCfg(cfg);
    const after = bank.files.get('boot.cfg')!;
    expect(changedBytes(before, after)).toEqual([35]);
  });

  it('are not tried when the mark goes nowhere', () => {
    const bank = { ...bankOf(), writeBootCfg: () => {} };
    const { facts, io } = loaderIo([bank]);
    expect(selectBank(facts, io)).toMatchObject({
      booted: null,
      banks: [{ reason: 'trial mark does not read back', state: 'UPGRADING' }],
    });
  });
});
