import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { table } from '../../../src/cli/text/table.ts';
import type { BenchContext } from '../bench-row.ts';
import { type Delta, encoders, peakOf, tryDelta } from './encoders.ts';
import { unpackedForm, unpackLayer } from './layer-file.ts';
import { buildPairs, type Pair } from './pairs.ts';

/**
 * What deltas between real builds of each module would save, and what they would cost a host, as a Markdown
 * table: `docs/deltas.md` has its figures.
 */
export async function deltaReport(context: BenchContext): Promise<string> {
  const notes: string[] = [];
  const pairs = await buildPairs(context, (between, why) =>
    notes.push(`not measured: ${between}: ${why}`),
  );
  const head = ['file', 'between', 'full'];
  for (const form of ['packed', 'unpacked']) {
    for (const { name } of encoders) head.push(`${form} ${name}`, 'apply');
  }
  const rows: string[][] = [];
  for (const [index, pair] of pairs.entries()) {
    rows.push(await measurePair(pair, join(context.folder, `pair-${index}`)));
  }
  const markdown = [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  return [...markdown, '', ...(await repacking(pairs, context.folder)), ...notes, ''].join('\n');
}

async function measurePair({ file, between, older, newer }: Pair, scratch: string) {
  const { size } = await stat(newer);
  const cells = [file, between, String(size)];
  const plain = [
    await unpackedForm(older, `${scratch}-older`),
    await unpackedForm(newer, `${scratch}-newer`),
  ] as const;
  for (const [from, to] of [[older, newer] as const, plain]) {
    for (const encoder of encoders)
      cells.push(...deltaCells(await tryDelta(encoder, from, to), size));
  }
  process.stderr.write(`${table([cells])}\n`);
  return cells;
}

function deltaCells({ bytes, applyMs, applyBytes }: Delta, full: number): string[] {
  const share = `${((bytes / full) * 100).toFixed(1)} %`;
  return [share, `${(applyMs / 1000).toFixed(2)} s, ${Math.round(applyBytes / 2 ** 20)} MiB`];
}

/** A delta of unpacked contents leaves a host to pack the layer again: how long that takes, in what memory. */
async function repacking(pairs: readonly Pair[], folder: string): Promise<string[]> {
  const lines: string[] = [];
  const done = new Set<string>();
  for (const { file, newer } of pairs) {
    if (!/^(engine|vmm|drivers|agents)/.test(file) || done.has(file)) continue;
    done.add(file);
    const compressor = file.startsWith('vmm')
      ? ['-comp', 'xz', '-Xbcj', 'x86']
      : ['-comp', 'zstd', '-Xcompression-level', '22'];
    const layer = await unpackLayer(newer, join(folder, `repack-${basename(file)}`));
    const begun = performance.now();
    const options = ['-b', '1M', ...compressor, '-processors', '1', '-noappend', '-quiet'];
    const peak = await peakOf('mksquashfs', [layer, `${layer}.sqfs`, ...options, '-no-progress']);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    lines.push(`packing ${file} again: ${seconds} s, ${Math.round(peak / 2 ** 20)} MiB`);
  }
  return lines;
}
