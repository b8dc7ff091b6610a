import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSparse } from '../../../../support/sparse-file.ts';
import type { SmallImage } from '../../../bootloader/small-image.ts';
import { type BankContents, hostImage } from '../../../update/host-image.ts';
import { baseOf, fileOf, sign } from '../../../update/manifests.ts';
import { runHere } from '../../host.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-inspect-store-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ovmf = { name: 'ovmf_1.sqfs', id: 'ovmf', type: 'firmware', version: '1', ...fileOf(5000) };
const newer = { ...ovmf, name: 'ovmf_2.sqfs', version: '2', ...fileOf(6000) };
/** Of a manifest from before packages had types. */
const tool = { name: 'tool_1_amd64.deb', ...fileOf(2048) };
const v1 = sign(baseOf({ version: '1.0', packages: [tool, ovmf] }));
const v2 = sign(baseOf({ version: '2.0', packages: [tool, newer] }));

async function inspect(
  change: (image: SmallImage) => void = () => {},
  marks: BankContents['marks'] = {},
) {
  const image = hostImage({ 5: { manifests: [v2] }, 6: { manifests: [v1], marks } });
  change(image);
  writeSparse(join(folder, 'x.img'), image.bytes);
  const run = (...more: string[]) =>
    runHere(['inspect', 'x.img', ...more], { host: { cwd: folder } });
  const { store, findings } = JSON.parse((await run('--json')).stdout);
  const text = (await run()).stdout;
  const rows = text.slice(text.indexOf('Store:'), text.indexOf('\n\n', text.indexOf('Store:')));
  return { store, findings, text: rows };
}

describe('inspect of a store', () => {
  it('shows each package: what it is, and of which builds', async () => {
    const { store, findings, text } = await inspect();
    expect(text.split('\n').slice(1)).toEqual([
      '  package           type      version  size     of',
      '  tool_1_amd64.deb                     2.0 KiB  2.0-1, 1.0-1',
      '  ovmf              firmware  2        5.9 KiB  2.0-1',
      '  ovmf              firmware  1        4.9 KiB  1.0-1',
    ]);
    expect(findings).toEqual([]);
    expect(store.packages[1]).toEqual({
      ...{ ...newer, state: 'right', path: 'packages/ovmf_2.sqfs', builds: ['2.0-1'] },
    });
    expect(store.packages[0]).toMatchObject({ id: null, type: null, version: null });
    expect(store.builds).toEqual(['2.0-1', '1.0-1']);
  });

  it('finds what is missing and damaged, and names what no build does', async () => {
    const { store, findings, text } = await inspect((image) =>
      image.edit(8, (volume) => {
        volume.remove('packages/ovmf_1.sqfs');
        volume.overwrite('packages/ovmf_2.sqfs', 0, Buffer.from('x'));
        volume.mkdir('packages/0.9-1');
        volume.write('packages/0.9-1/old.deb', Buffer.from('old'));
      }),
    );
    expect(findings.map(({ message }: { message: string }) => message)).toEqual([
      'store: expected ovmf_2.sqfs of 2.0-1, found other contents',
      'store: expected ovmf_1.sqfs of 1.0-1, found no such package',
    ]);
    expect(text).toMatch(/^ {2}ovmf +firmware +2 +5\.9 KiB +2\.0-1 +damaged$/m);
    expect(text).toMatch(/^ {2}ovmf +firmware +1 +4\.9 KiB +1\.0-1 +missing$/m);
    expect(text).toMatch(/^ {2}0\.9-1\/old\.deb +3 B +no build names it$/m);
    expect(store.packages.at(-1)).toMatchObject({ name: '0.9-1/old.deb', state: 'unnamed' });
  });

  it('finds nothing wrong with what a bank lacks that boots nothing', async () => {
    const { findings, text } = await inspect(
      (image) => image.edit(8, (volume) => volume.remove('packages/ovmf_1.sqfs')),
      { bootstate: '3', verdict: 'U' },
    );
    expect(findings).toEqual([]);
    expect(text).toMatch(/1\.0-1 +missing$/m);
  });
});
