import type { ManifestPackage } from '../../../bootloader/bank-manifest.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import type { BlockDevice } from '../../../disk/block-device.ts';
import type { Lock } from '../../../hostcore/host-port.ts';
import { mutex } from '../../../hostcore/mutex.ts';
import { usage } from '../../../hostcore/params.ts';
import {
  type PackageStatus,
  packageStatus,
  type StoreStatus,
} from '../../../hostcore/store-status.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import { storeProblems } from '../../../update/stored-package.ts';
import type { OpenedPackage, PackageFolder } from './package-folder.ts';
import { readPackage } from './read-package.ts';

export interface StorePort {
  /** Of the bank that runs. */
  readonly build: string;
  /** Those that its signed manifest names. */
  readonly packages: readonly ManifestPackage[];
  /** The store of its disk, for reading; undefined where there is none. */
  openStore(): (BlockDevice & { close(): void }) | undefined;
  /** The lock of the banks: an update, which holds it, may be about to write to the store. */
  readonly withBankLock: Lock;
  readonly folder: PackageFolder;
}

/** The packages of the store that belong to the bank that runs. */
export interface HostPackages {
  /** What is known by now; at first nothing, as a boot waits for none of it. */
  status(): StoreStatus;
  /** What is wrong with them as far as that is known, each one sentence. */
  problems(): string[];
  /** Whether some were not read yet. */
  isUnchecked(): boolean;
  /** Reads each from the disk and holds it against the manifest. */
  check(): Promise<StoreStatus>;
  /**
   * Where a package can be used, by its id. It is copied into memory while it is hashed, and only a copy with the hash of the manifest is
   * used: what becomes of the disk afterwards changes nothing. It stays for as long as the system runs. Throws `usage` for no package of the
   * build, `store.damaged`, `store.missing`, `store.too-large`, `store.no-memory` and `store.not-mounted`.
   */
  open(id: unknown): Promise<OpenedPackage>;
}

/** What is copied into memory at most: guest tools on a disc are for others to read in pieces. */
const mostCopied = 64 * 2 ** 20;

export function hostPackages(port: StorePort): HostPackages {
  const { build, packages, folder } = port;
  const states = new Map<ManifestPackage, PackageStatus['state']>();
  const opened = new Map<string, Promise<OpenedPackage>>();
  const inTurn = mutex();
  let problem: string | null = null;

  /** Opens the store for `use`; without one, or with one that cannot be read, all packages are missing. */
  async function withStore<T>(use: (store: BlockDevice) => Promise<T>): Promise<T | undefined> {
    let store: ReturnType<StorePort['openStore']>;
    try {
      store = port.openStore();
      problem = store ? null : 'no store';
      return store && (await use(store));
    } catch (error) {
      problem = damageText(error);
      return undefined;
    } finally {
      store?.close();
    }
  }

  /** What is not as it should be is looked at once more while no update can be writing to the store. */
  async function read(
    one: ManifestPackage,
    take?: Parameters<typeof readPackage>[2],
  ): Promise<PackageStatus['state']> {
    const once = async () =>
      (await withStore((store) => readPackage(store, one, take))) ?? 'missing';
    const first = await once();
    const state = first === 'right' ? first : await port.withBankLock(once);
    states.set(one, state);
    return state;
  }

  const stateOf = (one: ManifestPackage): PackageStatus['state'] => states.get(one) ?? 'unchecked';
  const status = (): StoreStatus => ({
    problem: packages.length > 0 ? problem : null,
    packages: packages.map((one) => packageStatus(one, stateOf(one))),
  });
  const problems = (): string[] =>
    storeProblems({
      problem,
      packages: packages.flatMap((one) => {
        const state = stateOf(one);
        return state === 'unchecked' ? [] : [{ ...one, state, path: null, builds: [build] }];
      }),
      unnamed: [],
    });

  async function openOne(one: ManifestPackage): Promise<OpenedPackage> {
    const before = folder.find(one);
    if (before) return before;
    if (one.bytes > mostCopied) {
      const message = `store: expected at most ${mostCopied} bytes of ${one.name}, as it is copied into memory to be used, found ${one.bytes}`;
      throw new RpcError('store.too-large', message);
    }
    const copy = folder.begin(one);
    try {
      const state = await read(one, copy);
      if (state !== 'right') {
        const [why = ''] = problems().filter((text) => problem !== null || text.includes(one.name));
        throw new RpcError(`store.${state}`, why);
      }
      return await copy.keep();
    } catch (error) {
      copy.discard();
      throw error;
    }
  }

  return {
    status,
    problems,
    isUnchecked: () => packages.some((one) => stateOf(one) === 'unchecked'),
    check: () =>
      inTurn(async () => {
        for (const one of packages) await read(one);
        return status();
      }),
    async open(id) {
      const one = packages.find((named) => named.id !== undefined && named.id === id);
      if (!one) throw noPackage(port, id);
      const known = opened.get(one.sha256);
      if (known) return known;
      const opening = openOne(one);
      opened.set(one.sha256, opening);
      // Who asks again may have better luck: the store may have been put right.
      opening.catch(() => opened.delete(one.sha256));
      return opening;
    },
  };
}

/** Why a store cannot be read; throws what is no damage. */
function damageText(error: unknown): string {
  if (!(error instanceof TwinbankError)) throw error;
  return `a damaged store: ${error.message}`;
}

function noPackage({ build, packages }: StorePort, id: unknown): RpcError {
  const names = packages.flatMap((one) => one.id ?? []);
  const older = packages.length > 0 && names.length === 0;
  const which = older ? 'its manifest is from before they had names' : names.join(', ') || 'none';
  return usage('id', `a package of ${build} (${which})`, id);
}
