// A reporter of vitest: prints each test that passed only when it was tried again, with what went wrong first, and appends it to the file
// that TWINBANK_SECOND_TRY names, one a line, for totals.mjs.
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';

export default class SecondTry {
  onTestCaseResult(test) {
    if (!test.diagnostic()?.flaky) return;
    const [error] = test.result().errors ?? [];
    const why = error?.message.split('\n')[0] ?? 'no error was kept';
    const line = `passed at the second try: ${relative('.', test.module.moduleId)} > ${test.fullName}: ${why}`;
    console.log(line);
    appendFileSync(process.env.TWINBANK_SECOND_TRY, `${line}\n`);
  }
}
