import * as z from 'zod';
import { diskTypes } from '../qemu/disk-type.ts';
import { firmwares } from '../qemu/machine-options.ts';
import { type RunEvent, verdicts } from './run-event.ts';

const seconds = z.number().min(0);
const count = z.int().min(0);
const text = z.string();
const run = { at: seconds, run: text };
const engine = z.enum(['sim', 'qemu', 'command']);
const verdict = z.enum(verdicts);

const failure = z.object({
  code: text,
  message: text,
  place: z.object({ file: text, line: count, column: count }).exactOptional(),
  lines: z.array(text).exactOptional(),
});

const bank = z.object({
  partition: count,
  name: text,
  state: text,
  attempts: count.nullable(),
  verdict: text.nullable(),
  updated: count.nullable(),
  build: text.nullable(),
  bytes: count,
  bytesFree: count.nullable(),
  modules: z.array(z.object({ name: text, kind: text, bytes: count })),
});

const disk = z.object({
  bytes: count,
  partitions: z.array(z.object({ number: count, name: text, offset: count, bytes: count })),
  banks: z.array(bank),
  next: count.nullable(),
});

const variant = z.object({
  firmware: z.enum(firmwares).exactOptional(),
  disk: z.enum(diskTypes).exactOptional(),
  oem: text.exactOptional(),
  fault: text.exactOptional(),
});

/** The events of run-event.ts as they come from a file. Members that a newer program has added are left out. */
export const runEventSchema: z.ZodType<RunEvent> = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run-begin'),
    schemaVersion: z.literal(1),
    version: text,
    started: text,
    engine,
    shard: z.object({ index: count, count }).exactOptional(),
    scenarios: count,
  }),
  z.object({
    type: z.literal('scenario-begin'),
    ...run,
    scenario: text,
    description: text,
    file: text,
    engine,
    variant,
    attempt: z.int().min(1),
    steps: z.array(text),
  }),
  z.object({ type: z.literal('step-begin'), ...run, step: count.max(9999) }),
  z.object({
    type: z.literal('step-end'),
    ...run,
    step: count.max(9999),
    verdict,
    found: text.exactOptional(),
    failure: failure.exactOptional(),
  }),
  z.object({ type: z.literal('console'), ...run, boot: count, seconds, text }),
  z.object({
    type: z.literal('power'),
    ...run,
    what: z.enum(['on', 'off', 'reset', 'cut']),
    boot: count.exactOptional(),
  }),
  z.object({
    type: z.literal('boot'),
    ...run,
    boot: count,
    booted: count.nullable(),
    outcome: text,
    build: text.nullable(),
    stages: z.array(z.object({ name: text, start: seconds, end: seconds })),
    shared: z.boolean().exactOptional(),
  }),
  z.object({ type: z.literal('fault'), ...run, boot: count, text }),
  z.object({ type: z.literal('disk'), ...run, label: text, disk }),
  z.object({ type: z.literal('screenshot'), ...run, label: text, path: text }),
  z.object({ type: z.literal('artefact'), ...run, label: text, path: text }),
  z.object({ type: z.literal('scenario-end'), ...run, attempt: z.int().min(1), verdict }),
  z.object({
    type: z.literal('run-end'),
    at: seconds,
    totals: z.record(verdict, count),
    stopped: z.boolean(),
  }),
]);

/** The types of events that this program knows; others are passed over. */
export const knownTypes: ReadonlySet<string> = new Set<RunEvent['type']>([
  ...([
    'run-begin',
    'scenario-begin',
    'step-begin',
    'step-end',
    'console',
    'power',
    'boot',
  ] as const),
  ...(['fault', 'disk', 'screenshot', 'artefact', 'scenario-end', 'run-end'] as const),
]);
