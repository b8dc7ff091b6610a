// A process that applies one bundle and prints what that took; memory.test.ts starts it.
import { readFileSync } from 'node:fs';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { applyBundle } from '../../../src/update/apply.ts';
import {
  type ByteSource,
  fileSource,
  streamSource,
} from '../../../src/update/source/byte-source.ts';
import { httpSource } from '../../../src/update/source/http-source.ts';

const [bundle = '', hoard, ...paths] = process.argv.slice(2);

/** Highest resident size of this process so far, in bytes (proc(5), VmHWM). */
function peak(): number {
  const status = readFileSync('/proc/self/status', 'latin1');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

async function openSource(): Promise<ByteSource> {
  if (bundle === '-') return streamSource('standard input', process.stdin);
  return /^http:/.test(bundle) ? httpSource(bundle) : fileSource(bundle);
}

/** Keeps all that it gives: what the test has to find out. */
function hoarding(source: ByteSource): ByteSource {
  const kept: Uint8Array[] = [];
  return {
    ...source,
    async read(max) {
      const chunk = await source.read(max);
      if (chunk) kept.push(Uint8Array.from(chunk));
      return chunk;
    },
  };
}

const idle = peak();
const devices = paths.map((path) => openFileDevice(path, { writable: true }));
const banks = devices.map((device, index) => ({ number: 5 + index, firstLba: 2048, device }));
const opened = await openSource();
const source = hoard === 'hoard' ? hoarding(opened) : opened;
const disk = { banks, store: undefined, dropCaches: async () => {} };
const { outcome } = await applyBundle(source, disk);
await source.close();
process.stdout.write(JSON.stringify({ outcome, idle, peak: peak() }));
