import type * as z from 'zod';
import type { Expectation, Finding } from '../expectations/expectation.ts';
import { expectations } from '../expectations/registry.ts';
import { defineStep } from '../step.ts';
import { type StepContext, unmet } from '../step-context.ts';

/** How often what may become right by itself is looked at, where no line tells. */
const pauseMs = 500;

const shape = Object.fromEntries(
  expectations.map(({ key, schema, meaning }) => [key, schema.optional().describe(meaning)]),
) as Record<string, z.ZodType>;

export const expect = defineStep({
  name: 'expect',
  summary: 'Looks at the machine until all expectations are met, or the time is over',
  shorthand: 'is',
  lists: expectations.flatMap(({ key, list }) => (list ? [key] : [])),
  shape,
  timeoutMs: 2 * 60_000,
  looks: true,
  needs: (spec) => [...new Set(wantedOf(spec).flatMap(([{ needs = [] }]) => needs))],
  title: (spec) =>
    `expect ${wantedOf(spec)
      .map(([one, wanted]) => one.title(wanted))
      .join('; ')}`,
  check(spec, planned, reportProblem) {
    const wanted = wantedOf(spec);
    const keys = expectations.map(({ key }) => key);
    if (wanted.length === 0) reportProblem(undefined, `one of ${keys.join(', ')}`, 'nothing');
    for (const [{ key, power }] of wanted) {
      if (power === 'on' && !planned.on) {
        reportProblem(key, 'a machine that is on (`boot` before it)', 'one that is off');
      }
      if (power === 'off' && planned.on) {
        const found = 'one that is on, whose disk is its own';
        reportProblem(key, 'a machine that is off (`power-off` before it)', found);
      }
      if (!planned.flashed) reportProblem(key, 'a `flash` before it', 'none');
    }
  },
  async run(spec, context) {
    const found: string[] = [];
    const deadline = performance.now() + context.timeoutMs;
    for (const [expectation, wanted] of wantedOf(spec)) {
      found.push(await becomesRight(expectation, wanted, context, deadline));
    }
    return found.join('; ');
  },
});

function wantedOf(spec: Record<string, unknown>): [Expectation, unknown][] {
  return expectations.flatMap((one): [Expectation, unknown][] =>
    spec[one.key] === undefined ? [] : [[one, spec[one.key]]],
  );
}

async function becomesRight(
  expectation: Expectation,
  wanted: unknown,
  context: StepContext,
  deadline: number,
): Promise<string> {
  const { machine, watch, state, signal } = context;
  for (;;) {
    const lines = watch.lines.length;
    // Before it is looked at: what was settled then stays as it is found. An update may be between two chunks.
    const settled = state.updating === undefined && (await machine.settled?.());
    const finding: Finding = await expectation.look(wanted, context);
    if ('right' in finding) return finding.right;
    const left = deadline - performance.now();
    if (expectation.once || settled || left <= 0)
      throw unmet(expectation.title(wanted), finding.wrong);
    const news = () => (watch.lines.length > lines ? true : undefined);
    await watch.until(news, { timeoutMs: Math.min(pauseMs, left), signal });
  }
}
