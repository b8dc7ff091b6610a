#!/usr/bin/env node
// The entry loads nothing of ours before it knows that this Node can run it; and `--version` needs no more.
import process from 'node:process';
import manifest from '../../package.json' with { type: 'json' };

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const argv = process.argv.slice(2);

if (major < 20 || (major === 20 && minor < 19)) {
  end(4, `twinbank: expected Node 20.19 or newer, found ${process.versions.node}`);
} else if (argv[0] === '--version') {
  const { version } = manifest;
  const json = argv.includes('--json');
  process.stdout.write(
    json ? `${JSON.stringify({ schemaVersion: 1, version })}\n` : `${version}\n`,
  );
} else {
  void start();
}

async function start(): Promise<void> {
  // Packages ask for it while they are loaded.
  if (!hasCurrentFolder()) {
    const message =
      'current folder: expected one that exists, found that it was removed; change to another one (cd)';
    const error = { code: 'cli.current-folder', message };
    if (argv.includes('--json'))
      process.stdout.write(`${JSON.stringify({ schemaVersion: 1, error })}\n`);
    end(5, `twinbank: ${message}`);
    return;
  }
  const [
    { run },
    { endSignals, interrupted, toFailure },
    { exitCode },
    { sweepTemporaryFolders },
    { outlivesTerminal },
  ] = await Promise.all([
    import('./run.ts'),
    import('./failure.ts'),
    import('./exit-code.ts'),
    import('../host/temporary-folder.ts'),
    import('../host/ignored-hangup.ts'),
  ]);
  const abort = new AbortController();
  // Every machine and every folder of its own cleans up when the process ends.
  process.setMaxListeners(0);
  for (const signal of endSignals) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && outlivesTerminal) return;
      const reason = interrupted(signal);
      // The first one lets the command clean up; who asks twice does not want to wait.
      if (abort.signal.aborted) process.exit(exitCode({ failure: reason }));
      abort.abort(reason);
    });
  }
  const crash = (thrown: unknown): void => {
    const failure = toFailure(thrown, abort.signal, process.env);
    const stack = process.env.TWINBANK_DEBUG === '1' && thrown instanceof Error ? thrown.stack : '';
    end(exitCode({ failure }), `twinbank: ${failure.message}\n${stack}`);
  };
  process.on('uncaughtException', crash);
  const env = { ...process.env };
  // For us alone: host programs inherit the environment of the process.
  delete process.env.TWINBANK_PASSPHRASE;
  delete process.env.TWINBANK_PASSWORD;
  // `output.ts` hears of a reader that has gone by the callback of its write.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  sweepTemporaryFolders();
  const code = await run(argv, {
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    cwd: process.cwd(),
    env,
    signal: abort.signal,
    now: () => performance.now(),
  });
  // Not left to the event loop: a forgotten timer or socket must not keep the command alive.
  process.exit(code);
}

function hasCurrentFolder(): boolean {
  try {
    return process.cwd() !== '';
  } catch {
    return false;
  }
}

function end(code: number, message: string): void {
  process.stderr.write(`${message.trimEnd()}\n`, () => process.exit(code));
}
