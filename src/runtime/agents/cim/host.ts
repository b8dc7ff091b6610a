import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readHwmon } from './hwmon.ts';
import { CimError, type CimHost, type CimInstance } from './provider.ts';
import { parseSmbios } from './smbios.ts';

/** What a host is made of for one provider. */
export interface HostOptions {
  /** Where the paths that providers name begin: `/`, or a folder in a test. */
  readonly root: string;
  /** The SMBIOS table; the kernel's own is for root alone, so the running system has a copy. */
  readonly smbiosTable: string;
  readonly systemName: string;
  /** Programs by name: where each lies, and where its libraries do. */
  readonly programs: Readonly<
    Record<string, { readonly path: string; readonly libraries: string }>
  >;
  /** Patterns of attributes that it may write, `*` for anything but a slash. */
  readonly writes: readonly string[];
  now(): Date;
  indicate(className: string, indication: CimInstance): void;
  readonly signal: AbortSignal;
}

const programTimeoutMs = 8_000;
const programOutput = 1 << 20;
/** Attributes have a page; the table of a machine with many slots some of them. */
const longestFile = 1 << 20;

/** The host as providers see it, on the running system or in a folder. */
export function cimHost(options: HostOptions): CimHost {
  const { root, signal, systemName, now, indicate } = options;
  const place = (path: string): string => join(root, normalize(`/${path}`));
  const read = (path: string): string | undefined => {
    try {
      const text = readFileSync(place(path), 'utf8').trim();
      return text.length > longestFile ? undefined : text;
    } catch {
      // Gone, or a sensor that does not answer now: to a provider there is no value either way.
      return undefined;
    }
  };
  const list = (path: string): readonly string[] => {
    try {
      return readdirSync(place(path)).sort();
    } catch {
      return [];
    }
  };
  return {
    systemName,
    now,
    indicate,
    read,
    list,
    hwmon: () => readHwmon({ read, list }),
    smbios: () => {
      try {
        return parseSmbios(readFileSync(place(options.smbiosTable)));
      } catch {
        return [];
      }
    },
    write: (path, text) => {
      if (!options.writes.some((pattern) => matchesPath(pattern, path))) {
        const granted = options.writes.join(', ') || 'nothing';
        const message = `expected to write what cim.writes of provider.yaml grants (${granted}), found ${path}`;
        throw new CimError('access-denied', message);
      }
      try {
        writeFileSync(place(path), text);
      } catch (error) {
        throw new CimError('failed', (error as Error).message);
      }
    },
    run: (program, args, { timeoutMs = programTimeoutMs, asRoot = false } = {}) => {
      const found = options.programs[program];
      if (!found) {
        const known = Object.keys(options.programs).join(', ') || 'none';
        const message = `expected a program of provider.yaml (${known}), found ${program}`;
        return Promise.reject(new CimError('failed', message));
      }
      const { path, libraries } = found;
      // Root of a user name space has the rights of the user that made it, and no others. The agent's world is one already.
      const isRoot = process.getuid?.() === 0;
      const asked = asRoot && !isRoot ? ['/bin/unshare', '-r', path, ...args] : [path, ...args];
      const [first, ...rest] = asked;
      return runProgram(first ?? path, rest, { timeoutMs, libraries, signal, name: program });
    },
    sleep: (ms) =>
      pause(ms, undefined, { signal }).catch(() => {
        throw new CimError('failed', 'the provider has to end');
      }),
    get ending() {
      return signal.aborted;
    },
  };
}

/** Whether a path is one that a pattern grants: `*` stands for any characters of one name. */
export function matchesPath(pattern: string, path: string): boolean {
  const names = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const isPlain = !path.split('/').some((name) => name === '..' || name === '.');
  return isPlain && new RegExp(`^${names.join('[^/]*')}$`).test(path);
}

function runProgram(
  path: string,
  args: readonly string[],
  options: { timeoutMs: number; libraries: string; signal: AbortSignal; name: string },
): Promise<string> {
  const { timeoutMs, libraries, signal, name } = options;
  const env = { PATH: '/usr/bin:/usr/sbin', HOME: '/tmp', LD_LIBRARY_PATH: libraries };
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: programOutput } as const;
  return new Promise((resolve, reject) => {
    execFile(path, args, { ...limits, env, signal, cwd: '/' }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const why = error.killed ? `it did not end in ${timeoutMs / 1000} s` : stderr.trim();
      reject(new CimError('failed', `${name}: ${(why || error.message).slice(-300)}`));
    });
  });
}
