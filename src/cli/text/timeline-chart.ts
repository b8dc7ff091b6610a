import type { BootResult } from '../../harness/qemu/boot.ts';

/** Where a boot's time went, as bars on a common scale, one row a stage. */
export function timelineChart(
  { stages, outcome, booted, bootSeconds }: BootResult,
  columns: number,
): string {
  const total = stages.at(-1)?.end ?? 0;
  const nameWidth = Math.max(...stages.map(({ name }) => name.length), 0);
  const width = Math.max(10, Math.min(columns, 100) - nameWidth - 12);
  const rows = stages.map(({ name, start, end }) => {
    const from = Math.round((start / total) * width);
    const length = Math.max(1, Math.round(((end - start) / total) * width));
    const seconds = `${(end - start).toFixed(1)} s`.padStart(8);
    return `${name.padEnd(nameWidth)} ${seconds}  ${' '.repeat(from)}${'█'.repeat(length)}`;
  });
  const ready =
    bootSeconds === undefined ? '' : `, ready ${bootSeconds.toFixed(1)} s after power-on`;
  return [...rows, `${outcome}: bank ${booted ?? 'none'}${ready}`].join('\n');
}
