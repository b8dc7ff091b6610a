import { readFileSync } from 'node:fs';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import type { ResolvedRecipe } from '../../recipe/schema.ts';
import { combineProblems } from '../../update/manifest/combine.ts';
import type { KeptManifest } from '../../update/manifest/plan-bank.ts';
import type { SigningKey } from '../../update/signing/key.ts';
import type { ComponentContext } from '../components/component.ts';
import { oemManifest, signManifest } from '../manifests.ts';
import { buildModules, planContext } from '../modules/build-modules.ts';
import type { BuiltModule } from '../modules/module.ts';
import { planProvider } from '../modules/oem.ts';
import { decodeOemFile, encodeOemFile } from './oem-file.ts';
import { firmwareWarnings } from './oem-firmware.ts';

interface PackedOem {
  /** The whole `.oem`. */
  readonly bytes: Uint8Array;
  readonly kept: KeptManifest;
  readonly module: BuiltModule;
}

/**
 * One signed file of a provider, for the product of a recipe and, where it has drivers, for its kernel. Throws
 * `oem.key` (kind `refused`) for another key than provider.yaml asks for, and kind `recipe` for what cannot
 * be built.
 */
export async function packOem(
  provider: LoadedProvider,
  options: { recipe: ResolvedRecipe; components: ComponentContext; key: SigningKey },
): Promise<PackedOem> {
  const { recipe, components, key } = options;
  assertKey(provider, key);
  const plan = await planProvider(provider, await planContext(recipe, components));
  const [module] = await buildModules([plan], components);
  if (!module?.oem) throw new TwinbankError('internal', 'oem.lost', `${provider.name}: not built`);
  for (const text of await firmwareWarnings([plan], [module], `${provider.name}.oem`)) {
    components.report({ type: 'warning', text });
  }
  const manifest = oemManifest(module.oem, recipe.product, [module]);
  // What it requires is known where it is used; what it says of itself is known now.
  const [problem] = combineProblems([manifest]).filter(({ code }) => code === 'relation');
  if (problem) throw new TwinbankError('recipe', 'oem.relation', problem.message);
  const kept = signManifest(manifest, key);
  const bytes = encodeOemFile(kept, readFileSync(module.path));
  // Nobody gets a file that no build would take.
  decodeOemFile(bytes, `${provider.name}.oem`);
  return { bytes, kept, module };
}

function assertKey({ keyId, problem }: LoadedProvider, key: SigningKey): void {
  if (keyId === undefined || keyId === key.public.id) return;
  const { file, line, column } = problem(['keyId'], '', '');
  const message = `${file}:${line}:${column} keyId: expected key ${keyId} to pack it, found ${key.public.id}; give that key with --key, or change keyId`;
  throw new TwinbankError('refused', 'oem.key', message);
}
