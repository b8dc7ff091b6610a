import { type BankEnv, encodeBankEnv } from '../../bootloader/bank-env.ts';
import type { BankManifest, ManifestModule } from '../../bootloader/bank-manifest.ts';
import { type BootCfg, type BootMarks, encodeBootCfg } from '../../bootloader/boot-cfg.ts';
import { maxUpdated } from '../../bootloader/rules.ts';
import { encodeSum, sha256 } from '../../bootloader/sum-file.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { slotBytes, slotNames } from '../../state/slot.ts';

/** A file of a bank: its bytes, or the module that it is. */
export type BankFile = { readonly name: string; readonly bytes: number } & (
  | { readonly data: Uint8Array }
  | { readonly module: ManifestModule }
);

/** A manifest as a bank keeps it: ORIGIN.json and ORIGIN.sig. */
export interface KeptManifest {
  readonly manifest: BankManifest;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** What a bank holds beside its boot.cfg, whose marks change. */
export interface BankPlan {
  readonly bootCfg: Omit<BootCfg, keyof BootMarks | 'updated'>;
  /** In the order in which the loader reads them; then manifests and state slots. */
  readonly files: readonly BankFile[];
}

const emptySlot = new Uint8Array(slotBytes);

/**
 * The files of a bank follow from its manifests alone, the base's first: so a bank that was built and one
 * that was updated are the same, and `verify` can tell what bank.env has to be. Throws `manifest.no-kernel`
 * (kind `corrupt`), and as `encodeBankEnv` and `encodeBootCfg` do.
 */
export function planBank(manifests: readonly KeptManifest[]): BankPlan {
  const env = bankEnvOf(manifests.map(({ manifest }) => manifest));
  const bankEnv = encodeBankEnv(env);
  const modules = manifests.flatMap(({ manifest }) => manifest.modules);
  const plan: BankPlan = {
    bootCfg: { ...env, title: titleOf(manifests.map(({ manifest }) => manifest)) },
    files: [
      inMemory('bank.env', bankEnv),
      inMemory('bank.env.sum', encodeSum('bank.env', sha256(bankEnv))),
      ...modules.flatMap((module): BankFile[] => [
        { name: module.file, bytes: module.bytes, module },
        inMemory(`${module.file}.sum`, encodeSum(module.file, module.sha256)),
      ]),
      ...manifests.flatMap(({ manifest: { origin }, bytes, signature }) => [
        inMemory(`${origin}.json`, bytes),
        inMemory(`${origin}.sig`, signature),
      ]),
      ...slotNames.map((name) => inMemory(name, emptySlot)),
    ],
  };
  // An update writes it last of all: that it can be written at all is found out here.
  bootCfgBytes(plan, { bootstate: '1', attempts: '0', verdict: '-', updated: maxUpdated });
  return plan;
}

/** What the loader of a bank with these manifests executes. Throws `manifest.no-kernel`. */
export function bankEnvOf(manifests: readonly BankManifest[]): BankEnv {
  const [base, ...oems] = manifests;
  const [kernel, ...others] = base?.modules ?? [];
  if (!base?.base || !kernel || oems.some((oem) => oem.base)) {
    const message =
      'manifests: expected the base first, with a kernel, and then OEMs, found others';
    throw new TwinbankError('corrupt', 'manifest.no-kernel', message);
  }
  const loaded = [...others, ...oems.flatMap((oem) => oem.modules)];
  const layers = loaded.filter(({ file }) => file !== initramfsFile).map(({ name }) => name);
  return {
    kernel: kernel.file,
    kernelopt: [
      ...manifests.flatMap(({ kernelOptions }) => kernelOptions),
      `twinbank.build=${base.build}`,
      `twinbank.layers=${layers.join(',')}`,
    ].join(' '),
    modules: loaded.map(({ file }) => file),
    build: base.build,
  };
}

/** The initramfs is loaded like a layer, and is none. */
export const initramfsFile = 'boot.v00';

/** The 1024 bytes of a bank's boot.cfg. */
export function bootCfgBytes(plan: BankPlan, marks: BootMarks & { updated: number }): Uint8Array {
  return encodeBootCfg({ ...marks, ...plan.bootCfg });
}

function titleOf(manifests: readonly BankManifest[]): string {
  return manifests[0]?.base?.title ?? '';
}

function inMemory(name: string, data: Uint8Array): BankFile {
  return { name, bytes: data.length, data };
}
