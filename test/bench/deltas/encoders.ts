import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { runTool } from '../../../src/host/run-tool.ts';

/** A program that makes deltas and applies them. */
export interface Encoder {
  readonly name: string;
  encode(older: string, newer: string, delta: string): readonly string[];
  decode(older: string, delta: string, made: string): readonly string[];
}

export const encoders: readonly Encoder[] = [
  {
    name: 'zstd',
    encode: (older, newer, delta) => [
      ...['-q', '-f', '-19', '--long=27', `--patch-from=${older}`, newer, '-o', delta],
    ],
    decode: (older, delta, made) => [
      ...['-q', '-f', '-d', '--long=27', `--patch-from=${older}`, delta, '-o', made],
    ],
  },
  {
    name: 'xdelta3',
    encode: (older, newer, delta) => [
      ...['-q', '-f', '-e', '-9', '-S', 'lzma', '-B', `${2 ** 28}`, '-W', `${2 ** 23}`],
      ...['-s', older, newer, delta],
    ],
    decode: (older, delta, made) => [
      ...['-q', '-f', '-d', '-B', `${2 ** 28}`, '-s', older, delta, made],
    ],
  },
];

export interface Delta {
  readonly bytes: number;
  readonly applyMs: number;
  /** Highest resident size while it was applied. */
  readonly applyBytes: number;
}

/** Makes a delta, applies it, and compares what came out with the newer file. */
export async function tryDelta(encoder: Encoder, older: string, newer: string): Promise<Delta> {
  const [delta, made] = [`${newer}.delta`, `${newer}.made`];
  await runTool(encoder.name, encoder.encode(older, newer, delta));
  const begun = performance.now();
  const applyBytes = await peakOf(encoder.name, encoder.decode(older, delta, made));
  const applyMs = performance.now() - begun;
  await runTool('cmp', [newer, made]);
  return { bytes: (await stat(delta)).size, applyMs, applyBytes };
}

/** Runs a program and returns its highest resident size, as seen every few milliseconds. */
export function peakOf(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    let peak = 0;
    const look = () => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024);
      } catch {
        // It has just ended.
      }
    };
    const timer = setInterval(look, 2);
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(timer);
      if (code === 0) resolve(peak);
      else reject(new Error(`${program} ${args.join(' ')}: exit code ${code}`));
    });
  });
}
