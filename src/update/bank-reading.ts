import { type BankFiles, readBankBootCfg, readOr } from '../bootloader/bank-contents.ts';
import { readBankEnv } from '../bootloader/bank-env.ts';
import { type BankManifest, baseOrigin, readBankManifest } from '../bootloader/bank-manifest.ts';
import { bankFiles } from '../bootloader/bank-volume.ts';
import { type BootCfgReading, readBootCfg } from '../bootloader/boot-cfg.ts';
import { unlessDamaged } from '../bootloader/damage.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { type FatVolume, openFat } from '../disk/fat/volume.ts';
import type { KeptManifest } from './manifest/plan-bank.ts';
import { type PublicKey, publicKeyOf } from './signing/key.ts';

/** What can be read of a bank for an update, before anything of it is believed. */
export interface BankReading {
  readonly number: number;
  readonly device: BlockDevice;
  /** Undefined where the volume cannot be opened. */
  readonly volume: FatVolume | undefined;
  readonly files: BankFiles & { names(): string[] };
  readonly bootCfg: BootCfgReading;
  /** The base's first, then those of OEMs in the order in which their modules are loaded. */
  readonly manifests: readonly KeptManifest[];
  /** Manifests that cannot be read: file and one clause. */
  readonly damaged: readonly { readonly file: string; readonly problem: string }[];
  /** The keys that the base of this bank trusts. */
  readonly trust: readonly PublicKey[];
}

const noFiles: BankReading['files'] = { names: () => [], read: () => undefined };

/** Reads a bank's boot.cfg and manifests. Damage of any kind is passed over or told, never thrown. */
export function readBankForUpdate(number: number, device: BlockDevice): BankReading {
  const open = unlessDamaged(
    () => {
      const volume = openFat(device);
      volume.list();
      return { volume, files: bankFiles(volume, device) };
    },
    () => {},
  );
  const files = open?.files ?? noFiles;
  const damaged: { file: string; problem: string }[] = [];
  const found: KeptManifest[] = [];
  for (const file of files.names().filter((name) => /\.json$/i.test(name))) {
    const bytes = readOr(files, file);
    const manifest = bytes ? readBankManifest(bytes) : 'expected it to be readable';
    if (typeof manifest === 'string') damaged.push({ file, problem: manifest });
    else if (`${manifest.origin}.json` !== file.toLowerCase()) {
      damaged.push({ file, problem: `expected the name ${manifest.origin}.json` });
    } else if (bytes) {
      found.push({ manifest, bytes, signature: readOr(files, `${manifest.origin}.sig`) ?? none });
    }
  }
  return {
    number,
    device,
    volume: open?.volume,
    files,
    bootCfg: open ? readBankBootCfg(files) : readBootCfg(none),
    manifests: inLoadingOrder(found, files),
    damaged,
    trust: trustOf(found.find(({ manifest }) => manifest.base)?.manifest),
  };
}

const none = new Uint8Array();

function inLoadingOrder(found: readonly KeptManifest[], files: BankFiles): KeptManifest[] {
  const bytes = readOr(files, 'bank.env');
  const loaded = (bytes && readBankEnv(bytes)?.modules) ?? [];
  const place = ({ manifest }: KeptManifest): number => {
    if (manifest.origin === baseOrigin) return -1;
    const at = loaded.indexOf(manifest.modules[0]?.file ?? '');
    return at < 0 ? loaded.length : at;
  };
  return [...found].sort((a, b) => place(a) - place(b));
}

/** The keys that a base says its host trusts; those that are none are no keys. */
export function trustOf(base: BankManifest | undefined): PublicKey[] {
  return (base?.base?.trust ?? []).map(({ publicKey }) => publicKeyOf(publicKey));
}
