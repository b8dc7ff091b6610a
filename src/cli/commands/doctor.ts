import { execFile } from 'node:child_process';
import { TwinbankError } from '../../diagnostics/error.ts';
import { findTool } from '../../host/find-tool.ts';
import { type HostTool, hostTools, versionArgsOf } from '../../host/tools.ts';
import { type Context, defineCommand, type Result } from '../command.ts';
import { table } from '../text/table.ts';

/** What is known of one tool on this host. */
export interface Finding {
  readonly tool: HostTool;
  readonly path: string | undefined;
  readonly version: string | undefined;
}

export const command = defineCommand({
  examples: [
    ['doctor', 'Everything, with the command that installs what is missing'],
    ['doctor --tests --missing-packages', 'For scripts: packages to install, one a line'],
  ],
  builder: (yargs) =>
    yargs
      .option('tests', {
        type: 'boolean',
        describe: 'Also count tools that the tests need',
      })
      .option('bench', {
        alias: 'all',
        type: 'boolean',
        describe: 'Also count tools that the tests and the benchmark need',
      })
      .option('missing-packages', {
        type: 'boolean',
        describe: 'Print only the Debian packages to install, one a line',
      }),
  run: async (context, options) => {
    const bench = options.bench === true;
    const tests = bench || options.tests === true;
    const counted = hostTools.filter(
      (tool) => (tests || !(tool.testsOnly || tool.optional)) && (bench || !tool.benchOnly),
    );
    if (options.missingPackages) return missingPackages(context, counted);
    const findings = await Promise.all(hostTools.map((tool) => probe(tool, context)));
    // A tool that was stopped half-way has no version, which is not what was asked.
    context.signal.throwIfAborted();
    return diagnosis(findings, counted, context);
  },
});

function searchPath(context: Context): string {
  return context.env.PATH ?? '';
}

/** Runs no tool: the set-up script asks this each time it is called. */
function missingPackages(context: Context, counted: readonly HostTool[]): Result {
  const isMissing = (tool: HostTool) => findTool(tool, searchPath(context)) === undefined;
  const needed = counted.filter(isMissing);
  // What one can do without is worth no installation of its own.
  const optional = hostTools.filter((tool) => tool.optional && isMissing(tool));
  const packages = packagesOf(needed.length > 0 ? [...needed, ...optional] : []);
  return { json: { packages }, text: packages.join('\n') };
}

function packagesOf(tools: readonly HostTool[]): string[] {
  return [...new Set(tools.map((tool) => tool.package))].sort();
}

async function probe(tool: HostTool, context: Context): Promise<Finding> {
  const path = findTool(tool, searchPath(context));
  if (path === undefined || tool.file !== undefined) return { tool, path, version: undefined };
  return { tool, path, version: versionIn(await output(path, versionArgsOf(tool), context)) };
}

/** What a program prints about itself, wherever and with whatever exit code (unsquashfs ends with 1). */
function output(path: string, args: readonly string[], context: Context): Promise<string> {
  const secrets = { TWINBANK_PASSPHRASE: undefined, TWINBANK_PASSWORD: undefined };
  const env = { ...context.env, ...secrets, LC_ALL: 'C' };
  return new Promise((resolve) => {
    const options = { env, timeout: 10_000, signal: context.signal };
    const child = execFile(path, args, options, (_error, stdout, stderr) => {
      resolve(`${stdout}\n${stderr}`);
    });
    child.stdin?.end();
  });
}

/** `2.40` of `GNU strip (GNU Binutils for Debian) 2.40`; a plain number only where none has a dot. */
export function versionIn(text: string): string | undefined {
  return (/\b[vV]?(\d+(?:\.\d+)+)/.exec(text) ?? /\b[vV]?(\d+)\b/.exec(text))?.[1];
}

/** The answer for people and programs; fails when a tool that counts is missing. */
function diagnosis(
  findings: readonly Finding[],
  counted: readonly HostTool[],
  context: Pick<Context, 'colors'>,
): Result {
  const missing = findings.filter(({ path }) => path === undefined).map(({ tool }) => tool);
  const needed = missing.filter((tool) => counted.includes(tool));
  return {
    json: {
      tools: findings.map(({ tool, path, version }) => ({
        name: tool.name,
        package: tool.package,
        neededFor: tool.neededFor,
        optional: tool.optional === true,
        testsOnly: tool.testsOnly === true,
        benchOnly: tool.benchOnly === true,
        path: path ?? null,
        version: version ?? null,
      })),
      missing: needed.map((tool) => tool.name),
      packages: packagesOf(needed),
    },
    text: [table(rowsOf(findings)), '', summary(missing, needed, context)].join('\n'),
    failure: needed.length === 0 ? undefined : failureOf(needed),
  };
}

function rowsOf(findings: readonly Finding[]): string[][] {
  const rows = findings.map(({ tool, path, version }) => [
    tool.name,
    path === undefined ? 'missing' : (version ?? 'found'),
    path ?? `apt-get install ${tool.package}`,
    `${tool.neededFor}${tool.testsOnly && tool.neededFor !== 'tests' ? ' (tests)' : ''}${tool.optional ? ' (optional)' : ''}`,
  ]);
  return [['tool', 'version', 'where, or how to get it', 'needed for'], ...rows];
}

function summary(
  missing: readonly HostTool[],
  needed: readonly HostTool[],
  { colors }: Pick<Context, 'colors'>,
): string {
  if (missing.length === 0) return colors.green('All tools are there.');
  const install = `apt-get install ${packagesOf(missing).join(' ')}`;
  const verdict =
    needed.length === 0
      ? colors.green(
          'All that twinbank itself needs is there; the rest is for tests, the benchmark, or a poorer way without it.',
        )
      : colors.red('Tools are missing.');
  return `${verdict} To install what is missing: ${install}`;
}

function failureOf(needed: readonly HostTool[]): TwinbankError {
  const names = needed.map((tool) => tool.name);
  return new TwinbankError(
    'tool-missing',
    'host.tool-missing',
    `expected ${names.length === 1 ? 'this host tool' : 'these host tools'}, found none: ${names.join(', ')}; as root: apt-get install ${packagesOf(needed).join(' ')}`,
    { data: { tools: names, packages: packagesOf(needed) } },
  );
}
