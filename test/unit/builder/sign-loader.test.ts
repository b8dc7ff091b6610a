import { expect, it } from 'vitest';
import { splitGrubCfg } from '../../../src/bootloader/grub-cfg-parts.ts';
import { hashLoader } from '../../../src/bootloader/loader-parts.ts';
import { signLoader } from '../../../src/builder/sign-loader.ts';
import { readLoaderStatement } from '../../../src/update/signing/loader-statement.ts';
import { keys, publicOf } from '../update/manifests.ts';

it('says in the last line of grub.cfg which build a loader is of, signed, and changes nothing else', () => {
  const bytes = (value: number) => Buffer.alloc(600, value);
  const script = 'echo one\n# inventory: {}\n';
  const loader = { bootCode: bytes(1), coreImage: bytes(2), bootx64: bytes(3), grubCfg: script };
  const facts = { product: 'site', version: '1.2.0', build: '7' };
  const made = signLoader(loader, facts, keys.release);
  expect({ ...made, grubCfg: script }).toEqual(loader);
  expect(made.grubCfg).toMatch(/^echo one\n# inventory: \{\}\n# loader: \S+ \S+\n$/);
  expect(signLoader(loader, facts, keys.release)).toEqual(made);
  const { script: hashed, statement } = splitGrubCfg(Buffer.from(made.grubCfg));
  expect(Buffer.from(hashed).toString()).toBe(script);
  expect(readLoaderStatement(statement!, 'it', publicOf(keys.release))).toMatchObject({
    ...{ product: 'site', build: '1.2.0-7', loader: hashLoader(loader) },
  });
  expect(() => readLoaderStatement(statement!, 'it', publicOf(keys.next))).toThrow(/^it: expected/);
});
