import { encodeBankEnv } from '../bootloader/bank-env.ts';
import { type BootCfg, encodeBootCfg } from '../bootloader/boot-cfg.ts';
import { encodeSum } from '../bootloader/sum-file.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import { slotBytes, slotNames } from '../state/slot.ts';
import { sha256 } from './components/digest.ts';
import type { BuiltModule } from './modules/module.ts';

/** A file of a partition: its bytes, or where the cache has them. */
export type ImageFile = { readonly name: string; readonly bytes: number } & (
  | { readonly data: Uint8Array }
  | { readonly path: string }
);

/** What a bank holds beside its boot.cfg, which differs from bank to bank. */
export interface BankContents {
  readonly bootCfg: Omit<BootCfg, 'bootstate' | 'attempts' | 'verdict' | 'updated'>;
  readonly files: readonly ImageFile[];
}

/** Name of the base modules' manifest in the bank. It is not signed yet: that comes with updates. */
export const baseManifestName = 'base.json';

const emptySlot = new Uint8Array(slotBytes);

/** The files of a bank, in the order in which the loader reads them; then its state slots. */
export function planBank(recipe: ResolvedRecipe, modules: readonly BuiltModule[]): BankContents {
  const build = `${recipe.version}-${recipe.build}`;
  const layers = modules.filter(({ name }) => name !== 'vmkernel' && name !== 'boot');
  const env = {
    kernel: 'vmkernel',
    kernelopt: [
      ...recipe.kernel.options,
      `twinbank.build=${build}`,
      `twinbank.layers=${layers.map(({ name }) => name).join(',')}`,
    ].join(' '),
    modules: modules.filter(({ name }) => name !== 'vmkernel').map(({ fileName }) => fileName),
    build,
  };
  const bankEnv = encodeBankEnv(env);
  const manifest = Buffer.from(
    `${JSON.stringify(bankManifest(recipe, build, modules), null, 2)}\n`,
  );
  return {
    bootCfg: { ...env, title: recipe.title ?? `${recipe.product} ${build}` },
    files: [
      inMemory('bank.env', bankEnv),
      inMemory('bank.env.sum', encodeSum('bank.env', sha256(bankEnv))),
      ...modules.flatMap((module): ImageFile[] => [
        { name: module.fileName, bytes: module.bytes, path: module.path },
        inMemory(`${module.fileName}.sum`, encodeSum(module.fileName, module.sha256)),
      ]),
      inMemory(baseManifestName, manifest),
      // Made with the bank and empty, in one piece each: the system only ever writes over them.
      ...slotNames.map((name) => inMemory(name, emptySlot)),
    ],
  };
}

/** boot.cfg of one bank of a new image. */
export function firstBootCfg(contents: BankContents, updated: number, empty: boolean): ImageFile {
  const cfg: BootCfg = {
    bootstate: empty ? '3' : '0',
    attempts: '0',
    verdict: '-',
    updated,
    ...contents.bootCfg,
  };
  return inMemory('boot.cfg', encodeBootCfg(cfg));
}

export function inMemory(name: string, data: Uint8Array): ImageFile {
  return { name, bytes: data.length, data };
}

/** The modules of an origin and what they are; unsigned for now. */
function bankManifest(recipe: ResolvedRecipe, build: string, modules: readonly BuiltModule[]) {
  return {
    schemaVersion: 1,
    origin: 'base',
    product: recipe.product,
    build,
    modules: modules.map(({ name, fileName, version, vendor, kind, bytes, sha256 }) => ({
      name,
      file: fileName,
      version,
      vendor,
      kind,
      bytes,
      sha256,
    })),
  };
}
