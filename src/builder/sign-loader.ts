import type { Loader } from '../bootloader/core-image.ts';
import { encodeGrubCfg } from '../bootloader/grub-cfg-parts.ts';
import { hashLoader } from '../bootloader/loader-parts.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import type { SigningKey } from '../update/signing/key.ts';
import { encodeLoaderStatement } from '../update/signing/loader-statement.ts';
import { signBytes } from '../update/signing/signature.ts';

/** The loader with a signed statement of the build that it is made for, which no update of the banks takes away. */
export function signLoader(
  loader: Loader,
  { product, version, build }: Pick<ResolvedRecipe, 'product' | 'version' | 'build'>,
  key: SigningKey,
): Loader {
  const bytes = encodeLoaderStatement({
    product,
    build: `${version}-${build}`,
    loader: hashLoader(loader),
  });
  const signature = signBytes(bytes, [key]);
  return { ...loader, grubCfg: encodeGrubCfg(loader.grubCfg, { bytes, signature }) };
}
