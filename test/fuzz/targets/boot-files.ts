import { encodeBankEnv, readBankEnv } from '../../../src/bootloader/bank-env.ts';
import {
  encodeBootCfg,
  readBootCfg,
  savedByGrub,
  withMarks,
} from '../../../src/bootloader/boot-cfg.ts';
import {
  encodeRecord,
  type JournalEvent,
  journalCounter,
  readJournal,
} from '../../../src/bootloader/boot-journal.ts';
import { decodeEnvBlock } from '../../../src/bootloader/env-block.ts';
import { encodeSum, readSum } from '../../../src/bootloader/sum-file.ts';
import { crc32 } from '../../../src/disk/crc32.ts';
import { mutateBytes } from '../byte-mutations.ts';
import { mutateJson } from '../json-mutations.ts';
import { fails, isTaken } from '../oracle.ts';
import type { Random } from '../random.ts';
import { type FuzzTarget, refusedAs, taken, takenAs } from '../target.ts';

const env = {
  build: '1.2.3-400',
  kernel: 'vmkernel',
  kernelopt: 'quiet twinbank.layers=engine,agents console=ttyS0',
  modules: ['boot.v00', 'engine.v00', 'agents.v00'],
};
const marks = { bootstate: '0', attempts: '0', verdict: '-' } as const;
const header = '# GRUB Environment Block\n';
const tokens = [
  ...['\n', '=', '#', '\\', '\\\n', '\0', ' --- ', '\t', '"', "'", '\r\n', '####', '\u001b', 'é'],
  ...[
    '\nbootstate=1\n',
    '\nattempts=3\n',
    '\nverdict=H\n',
    '\nupdated=',
    '999999999',
    'build=',
    'kernel=',
  ],
  ...['modules=', 'title=', header],
];
/** A bank's files are read up to a mebibyte (src/bootloader/bank-volume.ts). */
const traps = (): Buffer[] =>
  ['a=\n', '#\n', '\\\n', 'a', '=', 'a=\\\n', '\0', 'modules=--- \n'].map((piece) =>
    Buffer.from(header + piece.repeat(Math.floor(2 ** 20 / piece.length))),
  );
/** A mebibyte of lines is many small values. */
const manyLines = { inputBytes: 128 * 2 ** 20 };

export const bootCfg: FuzzTarget = {
  name: 'boot-cfg',
  seeds: () => [
    encodeBootCfg({ ...env, ...marks, updated: 1, title: 'twinbank 1.2.3' }),
    encodeBootCfg({
      ...env,
      bootstate: '3',
      attempts: '2',
      verdict: 'U',
      updated: 999_999_999,
      title: '',
    }),
  ],
  traps,
  mutate: (input, random, other) => mutateBytes(input, random, other, { tokens }),
  run(input) {
    const { entries } = decodeEnvBlock(input);
    for (const { value, offset } of entries) {
      if (offset + value.length > input.length) fails(`a value beyond the end, at ${offset}`);
    }
    const reading = readBootCfg(input);
    savedByGrub(input, marks);
    const change = () => withMarks(input, { bootstate: '2', attempts: '1', verdict: 'T' });
    if (!reading.ok) {
      isTaken(change);
      const { key, reason } = reading;
      return refusedAs(`${key} ${reason.replace(/.*(missing|times|expected).*/s, '$1')}`);
    }
    const changed = change();
    const after = readBootCfg(changed);
    const kept = after.ok && after.cfg.bootstate + after.cfg.attempts + after.cfg.verdict === '21T';
    if (!kept) fails('marks were changed, and are not what is read');
    return taken;
  },
  bounds: manyLines,
};

export const bankEnv: FuzzTarget = {
  name: 'bank-env',
  seeds: () => [encodeBankEnv(env)],
  traps,
  mutate: (input, random, other) => mutateBytes(input, random, other, { tokens }),
  run(input) {
    const read = readBankEnv(input);
    if (!read) return refusedAs('none');
    if (read.modules.some((name) => /[ \t]|^---$|^$/.test(name))) fails('a module that is no word');
    return takenAs(`${Math.min(read.modules.length, 9)} modules`);
  },
  bounds: manyLines,
};

export const sum: FuzzTarget = {
  name: 'sum',
  seeds: () => [encodeSum('engine.v00', 'ab'.repeat(32))],
  traps: () =>
    ['a', '\r', '  ', '\n', '0'].map((piece) => Buffer.from(piece.repeat(2 ** 20 / piece.length))),
  mutate: (input, random, other) =>
    mutateBytes(input, random, other, { tokens: ['  ', '\n', '\r', 'engine.v00', 'AB', '\0'] }),
  run(input) {
    const digest = readSum(input, 'engine.v00');
    if (digest === undefined) return refusedAs('none');
    if (!/^[0-9a-f]{64}$/.test(digest)) fails(`no digest: ${digest}`);
    return taken;
  },
};

const events: readonly JournalEvent[] = [
  {
    ...{ event: 'booted', bank: 5, build: env.build, state: 'VALID', attempts: '1' },
    refused: [{ bank: 6, why: 'contents' }],
  },
  { event: 'ready', bank: 5, confirmed: true, stages: { kernel: 1.5, health: 20 } },
  { event: 'update', bank: 6, step: 'failed', from: '1', to: '2', why: 'no room' },
  { event: 'rollback', bank: 6, why: 'by a person' },
];

export const bootJournal: FuzzTarget = {
  name: 'boot-journal',
  seeds: () => [
    Buffer.concat(
      events.map((event, at) => encodeRecord({ ...event, sequence: at + 1, time: 1e9 })),
    ),
    Buffer.concat([
      new Uint8Array(512),
      encodeRecord({ ...events[1]!, sequence: 2 ** 32 - 1, time: 0 }),
    ]),
  ],
  mutate: mutateJournal,
  run(input) {
    const records = readJournal(input);
    const newest = journalCounter.newest(records.map(({ sequence }) => sequence));
    if (newest !== (records.at(-1)?.sequence ?? 0)) fails('the newest record is not the last');
    // Each is at most as old as the one before it, as the numbers go round.
    let oldest = Number.MAX_SAFE_INTEGER;
    for (const { sequence, event } of records) {
      const age = journalCounter.stepsBehind(sequence, newest);
      if (age > oldest) fails('records out of order');
      oldest = age;
      if (
        !events
          .concat({ event: 'unhealthy', bank: 5, why: '' }, { event: 'shutdown', bank: 5, why: '' })
          .some((one) => one.event === event)
      )
        fails(`an event that is none: ${event}`);
    }
    const [last] = records.slice(-1);
    return last ? takenAs(`${last.event} ${Math.min(records.length, 5)}`) : refusedAs('none');
  },
};

/** Most often the text of one record, as whoever can write the store could: with its checksum. */
function mutateJournal(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const changed = random.once(3)
    ? mutateBytes(input, random, other, { record: 512, tokens: ['TWBJ'] })
    : input;
  const bytes = Buffer.from(changed);
  if (bytes.length < 512) return bytes;
  const sector = random.below(Math.floor(bytes.length / 512)) * 512;
  const record = bytes.subarray(sector, sector + 512);
  const text = record.subarray(16, 16 + Math.min(record.readUInt16LE(6), 496));
  if (!random.once(4)) {
    const words = [
      'booted',
      'ready',
      'unhealthy',
      'update',
      'rollback',
      'shutdown',
      'begun',
      'stages',
    ];
    const mutated = mutateJson(text, random, other, words).subarray(0, 496);
    record.fill(0, 16);
    record.set(mutated, 16);
    record.writeUInt16LE(mutated.length, 6);
  }
  if (random.once(16)) return bytes;
  const length = Math.min(record.readUInt16LE(6), 496);
  const covered = Buffer.concat([record.subarray(0, 12), record.subarray(16, 16 + length)]);
  record.writeUInt32LE(crc32(covered), 12);
  return bytes;
}
