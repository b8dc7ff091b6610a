import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { packState, unpackState } from '../../../src/state/archive.ts';
import { filesOfSettings, settingsOfFiles } from '../../../src/state/settings.ts';
import { decodeSlot, encodeSlot } from '../../../src/state/slot.ts';
import { runs } from '../../support/soak.ts';

const content = packState(
  filesOfSettings({
    hostname: 'esx1.lab',
    rootPasswordHash: '!',
    network: {
      mode: 'static',
      address: '10.0.0.2',
      prefix: 8,
      router: '10.0.0.1',
      dns: ['1.1.1.1'],
    },
    syslog: { targets: ['[fe80::1]:514', 'log.lab'] },
    ntp: { servers: ['10.0.0.1'] },
  }),
);
const tar = gunzipSync(content);
const slot = encodeSlot({ generation: 3, schema: 1, content });

/** Either files and settings, or one clean refusal in printable ASCII. */
function survives(bytes: Uint8Array): 'read' | 'refused' {
  try {
    settingsOfFiles(unpackState(bytes));
    return 'read';
  } catch (error) {
    if (!(error instanceof TwinbankError)) throw error;
    expect(error.kind).toBe('corrupt');
    expect(error.message).toMatch(/^[ -~]+$/);
    return 'refused';
  }
}

function changed(whole: Uint8Array, changes: readonly (readonly [number, Uint8Array])[]): Buffer {
  const bytes = Buffer.from(whole);
  for (const [at, data] of changes)
    bytes.set(data.subarray(0, bytes.length - (at % bytes.length)), at % bytes.length);
  return bytes;
}

const changes = fc.array(fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 16 })), {
  minLength: 1,
  maxLength: 6,
});

it('a changed archive is read or refused, cleanly', () => {
  fc.assert(
    fc.property(changes, (list) => void survives(changed(content, list))),
    { numRuns: runs(500) },
  );
});

it('a changed tar in a right gzip is read or refused, cleanly', () => {
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(changes, fc.nat(tar.length), fc.boolean(), (list, length, cut) => {
      const bytes = changed(tar, list);
      for (let at = 0; at + 512 <= bytes.length; at += 512)
        mendChecksum(bytes.subarray(at, at + 512));
      outcomes[survives(gzipSync(cut ? bytes.subarray(0, length) : bytes))]++;
    }),
    { numRuns: runs(500) },
  );
  expect(outcomes.read).toBeGreaterThan(0);
  expect(outcomes.refused).toBeGreaterThan(0);
});

it('whatever becomes of a slot, it is read as it was written or not at all', () => {
  fc.assert(
    fc.property(changes, (list) => {
      const bytes = changed(slot, list);
      const reading = decodeSlot(bytes);
      if (!reading.ok) return;
      expect(reading.saved).toMatchObject({ generation: 3, schema: 1 });
      expect(Buffer.compare(reading.saved.content, content)).toBe(0);
    }),
    { numRuns: runs(500) },
  );
});

/** So that what was changed in a header is believed. */
function mendChecksum(head: Buffer): void {
  if (head.toString('latin1', 257, 262) !== 'ustar') return;
  head.write('        ', 148, 'latin1');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
