import { rejects } from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkCompression, checkHashes, checkKeys, checkStreams } from './data-checks.ts';
import { checkHttp, checkSockets, checkTls, checkUpgrade } from './network-checks.ts';
import { checkChildren, checkErrors, checkLanguage, checkWorkers } from './process-checks.ts';
import { checkIntl, checkText } from './text-checks.ts';

/** What the builder hands over, JSON. */
interface CheckInput {
  /** The engine's command line. */
  readonly engine: readonly string[];
  /** What was left out: modules, or `*.ts` for any TypeScript, and the error that importing one throws. */
  readonly leftOut: readonly { readonly imported: string; readonly message: string }[];
}

/** Each check takes well below a second where nothing else runs. */
const checkTimeoutMs = 60_000;

/** A file for the problems, a list of texts, and the input. */
const [, , out = '', input = ''] = process.argv;
const { engine, leftOut } = JSON.parse(input) as CheckInput;

/** What agents use of the engine, and trimming could have broken. */
const checks: Readonly<Record<string, () => Promise<void>>> = {
  text: checkText,
  Intl: checkIntl,
  hashes: checkHashes,
  keys: checkKeys,
  compression: checkCompression,
  streams: checkStreams,
  language: checkLanguage,
  workers: checkWorkers,
  sockets: checkSockets,
  HTTP: checkHttp,
  'WebSocket upgrade': checkUpgrade,
  TLS: checkTls,
  'child processes': () => checkChildren(engine),
  errors: () => checkErrors(engine),
  'what is left out': async () => {
    const file = `${process.cwd()}/check.ts`;
    await writeFile(file, 'export const one: number = 1;');
    for (const { imported, message } of leftOut) {
      await rejects(import(imported === '*.ts' ? file : imported), { message });
    }
  },
};

const problems: string[] = [];
for (const [name, check] of Object.entries(checks)) {
  const tooLong = sleep(checkTimeoutMs).then(() => {
    throw new Error(`no end within ${checkTimeoutMs / 1000} s`);
  });
  await Promise.race([check(), tooLong]).catch((error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    problems.push(`${name}: ${text.replaceAll(/\s+/g, ' ').slice(0, 300)}`);
  });
}
await writeFile(out, JSON.stringify(problems));
// Whatever a check that failed has left open.
process.exit();
