import { z } from 'zod';
import { isNotAble, type TestMachine } from '../machine/test-machine.ts';
import { type Finding, hasParts, partsText, right, wrong } from './expectations/expectation.ts';
import { parts } from './fields.ts';

/** What a scenario asks of vmkd, and what it expects to hear: keys of `call`, and of `vmkd` in `expect`. */
export const vmkdCallShape = {
  method: z
    .string({ error: 'a method of vmkd, such as status' })
    .describe('What is asked (docs/vmkd.md)'),
  params: parts('a map of parameters').optional().describe('Its parameters'),
  answer: z
    .unknown()
    .optional()
    .describe(
      'Parts that the answer has to have; text between slashes is a regular expression, `{ some: … }` is met by one item of a list',
    ),
  error: z
    .string({ error: 'a part of the message' })
    .optional()
    .describe('It has to be refused with a message that contains this'),
};

export interface VmkdCall {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly answer?: unknown;
  readonly error?: string | undefined;
}

const shown = 300;
/** Of an answer of which nothing is expected. */
const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > shown ? `${text.slice(0, shown)}…` : text;
};

/** Asks vmkd once, and holds what it answers to what is expected. Throws what the machine throws where no refusal is expected. */
export async function callVmkd(
  { method, params, answer, error }: VmkdCall,
  { vmkd }: Pick<TestMachine, 'vmkd'>,
  timeoutMs: number,
): Promise<Finding> {
  let found: unknown;
  try {
    found = await vmkd.call(method, params, timeoutMs);
  } catch (refused) {
    const { message } = refused as Error;
    if (error === undefined || isNotAble(refused)) throw refused;
    return message.includes(error) ? right(message) : wrong(message);
  }
  if (error !== undefined) return wrong(`an answer: ${short(found)}`);
  if (answer === undefined) return right(short(found));
  const text = partsText(found, answer);
  return hasParts(found, answer) ? right(text) : wrong(text);
}
