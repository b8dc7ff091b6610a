import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot, packageVersion } from '../../../src/host/package-root.ts';
import { temporaryDirectory } from '../builder/components/surroundings.ts';

describe("twinbank's own package", () => {
  it('is found from its sources, with its version', () => {
    expect(packageRoot()).toBe(resolve(import.meta.dirname, '../../..'));
    expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('is the nearest package of that name that has sources', () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, 'src/runtime'), { recursive: true });
    writeFileSync(join(root, 'package.json'), '{"name":"twinbank"}');
    // As in the store's client, and as in somebody's project around a tool.
    for (const [folder, name] of [
      ['client/package', 'twinbank'],
      ['client', 'other'],
    ] as const) {
      mkdirSync(join(root, folder), { recursive: true });
      writeFileSync(join(root, folder, 'package.json'), JSON.stringify({ name }));
    }
    expect(packageRoot(join(root, 'client/package'))).toBe(root);
  });

  it('is missed in one sentence', () => {
    const folder = temporaryDirectory();
    expect(() => packageRoot(folder)).toThrow(
      expect.objectContaining({ kind: 'io', code: 'build.no-sources' }),
    );
    expect(() => packageRoot(folder)).toThrow(new RegExp(`^${folder}: expected .* found none; `));
  });
});
