import { type BootCfg, encodeBootCfg } from '../bootloader/boot-cfg.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { type KeptManifest, planBank } from '../update/manifest/plan-bank.ts';
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

/** The files of a bank with these manifests, the modules from where the cache has them. */
export function bankContents(
  manifests: readonly KeptManifest[],
  modules: readonly BuiltModule[],
): BankContents {
  const { bootCfg, files } = planBank(manifests);
  return {
    bootCfg,
    files: files.map((file): ImageFile => {
      if ('data' in file) return file;
      const { name, bytes } = file;
      const built = modules.find(({ fileName }) => fileName === name);
      if (built) return { name, bytes, path: built.path };
      const message = `${name}: expected the module that its manifest lists`;
      throw new TwinbankError('internal', 'bank.no-module', message);
    }),
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
