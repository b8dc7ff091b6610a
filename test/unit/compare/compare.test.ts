import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CompareOptions, compareSources } from '../../../src/compare/compare.ts';
import type { DescribedBundle } from '../../../src/compare/described.ts';
import type { Source } from '../../../src/compare/source.ts';
import { unifiedDiff } from '../../../src/compare/unified-diff.ts';
import { encodeNewc } from '../../../src/disk/newc.ts';

let temporary: string;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'twinbank-compare-'));
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const options = (more: Partial<CompareOptions> = {}): CompareOptions => {
  return { ids: false, marks: false, files: true, texts: false, temporary, ...more };
};

/** A bundle with one module, whose hash is the digit repeated. */
function side(
  digit: string,
  moduleBytes: Source['moduleBytes'],
  more: { leftOut?: boolean } = {},
): Source<DescribedBundle> {
  const module = {
    name: 'agents',
    file: 'agents.v00',
    version: '1',
    vendor: 'twinbank',
    kind: 'base',
    origin: 'base',
    bytes: 1,
    sha256: digit.repeat(64),
    relations: [],
    files: ['both', `only-${digit}`],
    leftOut: false,
    ...more,
  };
  const system = {
    product: 'p',
    version: '1',
    build: '1-1',
    title: '',
    securityVersion: 0,
    minVersion: '',
    loader: '',
    origins: [],
    trust: [],
    kernelOptions: [],
    modules: [module],
    packages: [],
  };
  const described = { kind: 'bundle', path: `${digit}.tbu`, from: null, system } as const;
  return {
    described,
    moduleBytes,
    packageBytes: async () => undefined,
    loaderConfig: () => undefined,
    close: () => {},
  };
}

const archive = (text: string) =>
  encodeNewc(new Map([['both', { type: 'file', mode: 0o644, data: Buffer.from(text) }]]));

it('makes its temporary folder where it is told to, and removes it', async () => {
  let seen: string[] = [];
  const spy = async () => {
    seen = readdirSync(temporary);
    return archive('a');
  };
  const found = await compareSources(
    side('1', spy),
    side('2', async () => archive('b')),
    options(),
  );
  expect(found.files).toMatchObject([{ path: 'both', fields: ['content'] }]);
  expect(seen).toHaveLength(1);
  expect(readdirSync(temporary)).toEqual([]);
});

it('removes it when a side fails, and when somebody interrupts', async () => {
  const fails = async () => Promise.reject(new Error('medium'));
  await expect(compareSources(side('1', fails), side('2', fails), options())).rejects.toThrow(
    'medium',
  );
  const stop = new AbortController();
  const slow = async () => {
    stop.abort(new Error('interrupted'));
    return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.alloc(1000)]);
  };
  const work = compareSources(side('1', slow), side('2', slow), options({ signal: stop.signal }));
  await expect(work).rejects.toThrow();
  expect(readdirSync(temporary)).toEqual([]);
});

it('falls back to the lists of the manifests, and says why', async () => {
  const here = async () => archive('a');
  const gone = side('2', here, { leftOut: true });
  const changes = (files: readonly { change: string; path: string }[]) =>
    files.map(({ change, path }) => `${change} ${path}`);
  const left = await compareSources(side('1', here), gone, options());
  expect(left.unread).toEqual([{ module: 'agents', why: '2.tbu leaves it out' }]);
  expect(changes(left.files)).toEqual(['removed only-1', 'added only-2']);
  const broken = side('2', async () => archive('a').subarray(0, 40));
  const damaged = await compareSources(side('1', here), broken, options());
  expect(damaged.unread[0]!.why).toMatch(/^2\.tbu: byte 0: expected a newc header/);
  const brief = await compareSources(side('1', here), side('2', here), options({ files: false }));
  expect(changes(brief.files)).toEqual(['removed only-1', 'added only-2']);
  expect(brief.unread).toEqual([{ module: 'agents', why: 'not looked into' }]);
});

it('takes a layer that became noise for damage, and the kernel for what it is', async () => {
  const kernel = async () => Buffer.from('MZ kernel');
  const noise = await compareSources(
    side('1', async () => archive('a')),
    side('2', kernel),
    options(),
  );
  expect(noise.unread[0]!.why).toBe('2.tbu: expected an archive of files, found none');
  const kernels = await compareSources(side('1', kernel), side('2', kernel), options());
  expect(kernels).toMatchObject({ equal: false, files: [], unread: [] });
});

it('shows lines around a change, in hunks, and a missing line end', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `${index + 1}`);
  const changed = lines.map((line) => (line === '2' || line === '15' ? 'x' : line));
  expect(unifiedDiff(`${lines.join('\n')}\n`, changed.join('\n'))).toEqual([
    ...['@@ -1,5 +1,5 @@', ' 1', '-2', '+x', ' 3', ' 4', ' 5'],
    ...['@@ -12,9 +12,9 @@', ' 12', ' 13', ' 14', '-15', '+x', ' 16', ' 17', ' 18', ' 19'],
    ...['-20', '+20\n\\ No newline at end of file'],
  ]);
  expect(unifiedDiff('', 'a\n')).toEqual(['@@ -0,0 +1 @@', '+a']);
  expect(unifiedDiff('a\n', 'a\n')).toEqual([]);
});
