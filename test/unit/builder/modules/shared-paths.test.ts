import { describe, expect, it } from 'vitest';
import { assertNoSharedPaths } from '../../../../src/builder/modules/build-modules.ts';
import type { BuiltModule } from '../../../../src/builder/modules/module.ts';

const module = (name: string, ...paths: readonly string[]): BuiltModule => ({
  name,
  fileName: `${name}.v00`,
  version: '1',
  kind: 'base',
  vendor: 'twinbank',
  bytes: 1,
  sha256: '',
  path: '',
  cached: true,
  paths: paths.map((path) => ({ path })),
  inventory: [],
});

describe('two modules', () => {
  it('may bring different files of one folder', () => {
    assertNoSharedPaths([
      module('a', 'usr/bin/x', 'usr/bin'.concat('x')),
      module('b', 'usr/bin/y'),
    ]);
  });

  it('may not bring the same file', () => {
    expect(() => assertNoSharedPaths([module('a', 'usr/x'), module('b', 'y', 'usr/x')])).toThrow(
      '/usr/x: expected one module to bring this file, found a and b; leave it out of one of them',
    );
  });

  it.each([
    ['the link first', [module('a', 'bin'), module('b', 'bin/deep/tool')]],
    ['the link last', [module('b', 'bin/deep/tool'), module('a', 'bin')]],
  ])('may not make a folder of what is a link in the other: %s', (_, modules) => {
    expect(() => assertNoSharedPaths(modules)).toThrow(
      /^\/bin: expected one module to bring it, as no folder and with bin\/deep\/tool below it, found a and b; move that to usr\/bin\/deep\/tool$/,
    );
  });

  it('are no concern of the initramfs, which is left behind', () => {
    assertNoSharedPaths([module('boot', 'bin/busybox'), module('a', 'bin/busybox')]);
  });
});
