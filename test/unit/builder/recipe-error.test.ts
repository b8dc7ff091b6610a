import { expect, test } from 'vitest';
import { atRecipeLines } from '../../../src/builder/recipe-error.ts';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { load } from '../recipe/temporary-files.ts';

const { recipe } = load({
  'x.yaml': `store:
  packages:
    - deb:qemu-guest-agent
    - deb:no-such
modules:
  vmm:
    type: vmm
    firmware: ["deb:no-such#usr/share/x", "deb:no-such-either#y"]
`,
});

const missing = (data: Record<string, unknown>) =>
  atRecipeLines(recipe, () => {
    throw new TwinbankError('recipe', 'components.unknown-package', 'deb:no-such: found none', {
      data,
    });
  });

test('names each line of a recipe that has a component which does not exist', async () => {
  await expect(missing({ components: ['deb:no-such'] })).rejects.toThrow(
    /^x\.yaml:4:7 store\.packages\[1\], x\.yaml:8:16 modules\.vmm\.firmware\[0\]: deb:no-such: found none$/,
  );
});

test('leaves what is no component of the recipe as it is', async () => {
  await expect(missing({ components: ['deb:libc6'] })).rejects.toThrow(/^deb:no-such: found none$/);
  await expect(missing({})).rejects.toThrow(/^deb:no-such: found none$/);
});
