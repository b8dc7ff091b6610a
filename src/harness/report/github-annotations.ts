import type { RunRecord } from './record.ts';
import { firstFailure } from './verdict.ts';

/**
 * Lines that GitHub Actions makes annotations of, at the place in the scenario: an error for each that failed and for what the
 * events do not tell, a warning for each flaky one. "Workflow commands for GitHub Actions" has their form.
 */
export function githubAnnotations({ scenarios, gaps }: RunRecord): string[] {
  const failures = scenarios.flatMap((scenario) => {
    const { run, file, verdict } = scenario;
    if (verdict !== 'failed' && verdict !== 'flaky') return [];
    const { message, place } = firstFailure(scenario);
    const { line, column } = place ?? {};
    const at = { file: place?.file ?? file, line, col: column };
    return [command(verdict === 'failed' ? 'error' : 'warning', { ...at, title: run }, message)];
  });
  return [...failures, ...gaps.map((gap) => command('error', { title: 'twinbank' }, gap))];
}

function command(
  name: string,
  properties: Readonly<Record<string, string | number | undefined>>,
  message: string,
): string {
  const set = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${escapeProperty(String(value))}`);
  return `::${name} ${set.join(',')}::${escapeData(message)}`;
}

/** As its toolkit does (packages/core/src/command.ts): what is left cannot begin a line. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
