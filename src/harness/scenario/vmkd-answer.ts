import * as z from 'zod';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { TestMachine } from '../machine/test-machine.ts';

/**
 * Asks vmkd of the system that runs, and holds its answer to the part of it that is used (docs/vmkd.md). Throws as the call
 * does, and `harness.answer` (kind `boot`) for an answer of another shape.
 */
export async function askVmkd<Answer>(
  { vmkd }: Pick<TestMachine, 'vmkd'>,
  answer: z.ZodType<Answer>,
  method: string,
  params?: Readonly<Record<string, unknown>>,
  timeoutMs?: number,
): Promise<Answer> {
  const found = await vmkd.call(method, params, timeoutMs);
  const checked = answer.safeParse(found);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : '';
  const text = JSON.stringify(found)?.slice(0, 200) ?? 'nothing';
  const message = `vmkd: ${method}: expected an answer as documented${where}, found ${text}`;
  throw new TwinbankError('boot', 'harness.answer', message);
}

/** `update.apply` */
export const updateAnswer = z.object({
  outcome: z.string(),
  from: z.string(),
  to: z.string(),
  bank: z.int(),
});

/** `config.set` */
export const saveAnswer = z.discriminatedUnion('saved', [
  z.object({ saved: z.literal(true), generation: z.int() }),
  z.object({ saved: z.literal(false), why: z.string() }),
]);

/** `bank.rollback` */
export const rollbackAnswer = z.object({ bank: z.int() });

/** `status` */
export const statusAnswer = z.object({ problems: z.array(z.string()).default([]) });

/** `cim.instances` */
export const instancesAnswer = z.object({
  instances: z.array(z.object({ properties: z.record(z.string(), z.unknown()) })),
});

/** `storage.list` */
export const storageAnswer = z.object({
  disks: z.array(z.object({ name: z.string(), state: z.string(), why: z.string().nullable() })),
  datastores: z.array(
    z.object({ name: z.string(), accessible: z.boolean(), why: z.string().nullable() }),
  ),
});

/** `worlds.list` */
export const worldsAnswer = z.object({
  worlds: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      problem: z.string().nullable(),
      restarts: z.int(),
    }),
  ),
});

/** `network.get` */
export const networkAnswer = z.object({
  pending: z.boolean(),
  uplinks: z.array(z.object({ name: z.string(), link: z.string() })),
  interfaces: z.array(z.object({ name: z.string(), addresses: z.array(z.string()) })),
});

/** `coredump.status` */
export const coredumpAnswer = z.object({
  armed: z.boolean(),
  why: z.string().nullable(),
  dump: z.object({ state: z.string(), reason: z.string() }).nullable(),
});
