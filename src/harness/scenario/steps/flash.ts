import { z } from 'zod';
import { exactSize } from '../../../diagnostics/size.ts';
import { size } from '../../../recipe/field.ts';
import { defineStep } from '../step.ts';
import { unmet } from '../step-context.ts';
import { checkBuild, orderOf } from './build.ts';

const GiB = 2 ** 30;

export const flash = defineStep({
  name: 'flash',
  summary: "Flashes a built image to the machine's disk: verified, read back",
  shorthand: 'image',
  shape: {
    image: z
      .string({ error: 'the name of a build' })
      .optional()
      .describe('Which build; default the one that was built last'),
    size: size(512, 1024 * GiB)
      .optional()
      .describe("Size of the disk, such as 2GiB; default the image's"),
    refused: z
      .string({ error: 'a part of the message' })
      .optional()
      .describe('Flashing has to be refused with a message that contains this'),
  },
  timeoutMs: 10 * 60_000,
  title: ({ image, size: bytes }) =>
    ['flash', image, bytes !== undefined && `to a disk of ${exactSize(bytes)}`]
      .filter(Boolean)
      .join(' '),
  check({ image, refused }, planned, reportProblem) {
    const known = checkBuild('image', image, planned, reportProblem);
    if (known !== undefined && image !== undefined && !planned.built.has(known)) {
      reportProblem('image', `a \`build: ${known}\` before it`, 'none');
    } else if (planned.built.size === 0) reportProblem(undefined, 'a `build` before it', 'none');
    if (planned.on)
      reportProblem(undefined, 'a machine that is off (`power-off` before it)', 'one that is on');
    if (refused === undefined) planned.flashed = true;
  },
  async run({ image, size: bytes, refused }, context) {
    const { machine, artifactStore, state, signal } = context;
    const built = await artifactStore.image(orderOf(context, image ?? state.image), signal);
    const flashed = () => artifactStore.disk(built.path, bytes, signal);
    if (refused !== undefined) return refusal(flashed, refused, signal);
    const { path, summary } = await flashed();
    await machine.flash(path);
    context.emit({ type: 'disk', label: 'after flashing', disk: summary });
    return `${built.build}${bytes === undefined ? '' : `, ${exactSize(bytes)}`}`;
  },
});

/** Whether something is refused, with a message that contains `part`; returns the refusal. */
export async function refusal(
  act: () => Promise<unknown>,
  part: string,
  signal: AbortSignal,
): Promise<string> {
  let message: string;
  try {
    await act();
    message = '';
  } catch (error) {
    signal.throwIfAborted();
    message = (error as Error).message;
  }
  const expected = `a refusal with ${JSON.stringify(part)}`;
  if (message === '') throw unmet(expected, 'none: it was done');
  if (!message.includes(part)) throw unmet(expected, JSON.stringify(message));
  return `refused: ${message}`;
}
