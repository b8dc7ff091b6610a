import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cimHost, type HostOptions } from './host.ts';
import type { CimHost, CimInstance, CimProvider } from './provider.ts';
import { operateProvider } from './provider-operations.ts';

/** A provider on a host that is a folder: every answer is held against its classes, as in the bank. */
export interface ProviderTest {
  readonly host: CimHost;
  /** What was raised so far. */
  readonly indications: readonly { readonly className: string; readonly properties: CimInstance }[];
  enumerate(className: string): Promise<readonly CimInstance[]>;
  get(className: string, keys: CimInstance): Promise<CimInstance>;
  invoke(
    className: string,
    keys: CimInstance,
    method: string,
    parameters?: CimInstance,
  ): Promise<unknown>;
  /** Writes a file of the host, such as `/sys/class/hwmon/hwmon0/temp1_input`. */
  write(path: string, content: string | Uint8Array): void;
  /** Lets the monitor run until it has looked so often, then ends it. Throws what it throws before that. */
  monitor(looks: number, between?: (look: number) => void): Promise<void>;
}

export interface TestOptions {
  /** Folder that holds the host's files; default: an empty one, which is removed when the process ends. */
  readonly root?: string;
  readonly writes?: readonly string[];
  /** What programs of provider.yaml print, by name and arguments. */
  readonly run?: (program: string, args: readonly string[]) => string;
  readonly now?: () => Date;
}

/** Where a test puts the SMBIOS table. */
export const testSmbiosTable = '/sys/firmware/dmi/tables/DMI';

export function testProvider(provider: CimProvider, options: TestOptions = {}): ProviderTest {
  const { root = emptyRoot(), run, now = () => new Date(0), writes = [] } = options;
  const indications: { className: string; properties: CimInstance }[] = [];
  const ending = new AbortController();
  const plain: HostOptions = {
    root,
    now,
    writes,
    smbiosTable: testSmbiosTable,
    systemName: 'test',
    programs: {},
    indicate: (className, properties) => void indications.push({ className, properties }),
    signal: ending.signal,
  };
  const real = cimHost(plain);
  const host: CimHost = {
    ...real,
    ...(run && { run: async (program, args) => run(program, args) }),
  };
  const operate = operateProvider(provider, host);
  return {
    host,
    indications,
    enumerate: (className) => operate({ op: 'enumerate', className }) as Promise<CimInstance[]>,
    get: (className, keys) => operate({ op: 'get', className, keys }) as Promise<CimInstance>,
    invoke: (className, keys, method, parameters = {}) =>
      operate({ op: 'invoke', className, keys, method, parameters }),
    write: (path, content) => {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    },
    monitor: async (looks, between = () => {}) => {
      let look = 0;
      let ended = false;
      const watched: CimHost = {
        ...host,
        get ending() {
          return ended;
        },
        sleep: async () => {
          between(++look);
          ended = look >= looks;
          if (ended) throw new Error('the test is over');
        },
      };
      await provider.monitor?.(watched).catch((error) => {
        if (!ended) throw error;
      });
    },
  };
}

function emptyRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'twinbank-provider-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  return root;
}
