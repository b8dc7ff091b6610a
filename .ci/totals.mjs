// Adds up vitest's JSON reports, says which files took longest and which tests passed only when tried again (second-try.mjs); other
// arguments are stages that failed. Exits with 1 unless all went well.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

let passed = 0;
let failed = 0;
const problems = [];
const files = [];

for (const argument of process.argv.slice(2)) {
  if (!argument.endsWith('.json')) {
    problems.push(`${argument} failed`);
    continue;
  }
  let report;
  try {
    report = JSON.parse(readFileSync(argument, 'utf8'));
  } catch (error) {
    problems.push(`${argument}: no report (${error.code ?? error.message})`);
    continue;
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  if (report.numPassedTests + report.numFailedTests === 0)
    problems.push(`${argument}: no test ran`);
  for (const file of report.testResults) {
    files.push({ name: relative('.', file.name), seconds: (file.endTime - file.startTime) / 1000 });
    // A file that could not be loaded has no tests to fail, so vitest does not count any.
    const loaded = file.assertionResults.some((test) => test.status === 'failed');
    if (file.status === 'failed' && !loaded) {
      failed += 1;
      problems.push(`${file.name}: ${file.message.split('\n')[0]}`);
    }
  }
  if (!report.success && report.numFailedTests === 0) problems.push(`${argument}: not successful`);
}

// Without what runs before a file's first test: the reports do not have it.
files.sort((one, other) => other.seconds - one.seconds);
if (files.length > 0) console.log('longest, in seconds from the first test to the last:');
for (const { name, seconds } of files.slice(0, 25))
  console.log(`${seconds.toFixed(0).padStart(5)} ${name}`);
const again = process.env.TWINBANK_SECOND_TRY;
if (again !== undefined && existsSync(again)) process.stdout.write(readFileSync(again));
for (const problem of problems) console.log(problem);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = problems.length === 0 && failed === 0 ? 0 : 1;
