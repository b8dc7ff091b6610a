/** Kinds of markers between the parts of a stream (VMware, "Virtual Disk Format 5.0", Stream-Optimized). */
const markerTypes = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 } as const;

/** A sector that says what follows, and how many sectors it has. */
export function encodeMarker(type: keyof typeof markerTypes, sectors: number): Uint8Array {
  const bytes = Buffer.alloc(512);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(markerTypes[type], 12);
  return bytes;
}

export function isMarker(sector: Uint8Array, type: keyof typeof markerTypes): boolean {
  const bytes = Buffer.from(sector.buffer, sector.byteOffset, sector.byteLength);
  return bytes.readUInt32LE(8) === 0 && bytes.readUInt32LE(12) === markerTypes[type];
}

/** Before a compressed grain: the first sector of the disk that it is, and how many bytes follow. */
export const grainMarkerBytes = 12;

/** A compressed grain with its marker, in whole sectors. */
export function encodeGrain(sector: number, packed: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(Math.ceil((grainMarkerBytes + packed.length) / 512) * 512);
  bytes.writeBigUInt64LE(BigInt(sector), 0);
  bytes.writeUInt32LE(packed.length, 8);
  bytes.set(packed, grainMarkerBytes);
  return bytes;
}

export function decodeGrainMarker(bytes: Uint8Array): { sector: number; length: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { sector: Number(view.getBigUint64(0, true)), length: view.getUint32(8, true) };
}
