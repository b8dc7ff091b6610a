import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInflate, type Inflate } from 'node:zlib';

/** Numbers of encodings (RFC 6143 section 7.7, and the community's list for those after hextile). */
export const encodings = {
  raw: 0,
  hextile: 5,
  zlib: 6,
  tight: 7,
  zrle: 16,
  'tight PNG': -260,
} as const;
export type EncodingName = keyof typeof encodings;

/** What a client asks beside it: how good JPEG is to be (-32 to -23), and that the size may change. */
export const jpegQuality = (level: number): number => -32 + level;
const desktopSize = -223;

/** Parts of a picture as they came. */
interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Four bytes a point, blue first, where the encoding was read to the points; else zeros. */
  readonly points: Buffer;
  /** How many rectangles came in each form: `raw`, `zlib`, `tight palette`, `JPEG`, `PNG`… */
  readonly forms: ReadonlyMap<string, number>;
}

/** The bytes of a connection, in the order in which they are asked for. */
function reader(socket: AsyncIterable<Buffer>): (bytes: number) => Promise<Buffer> {
  const chunks = socket[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);
  return async (bytes) => {
    while (rest.length < bytes) {
      const { value, done } = await chunks.next();
      if (done) throw new Error(`the server went away ${bytes - rest.length} bytes too early`);
      rest = Buffer.concat([rest, value]);
    }
    const part = rest.subarray(0, bytes);
    rest = rest.subarray(bytes);
    return part;
  };
}

export interface RfbClient {
  /** Asks for the whole picture in one encoding; others it may not use but raw. */
  picture(encoding: EncodingName, quality?: number): Promise<Picture>;
  key(symbol: number, isDown: boolean): void;
  pointer(x: number, y: number, buttons: number): void;
  close(): void;
}

/** A client of version 3.8 over a Unix socket, with a password where there is one (VNC Authentication). */
export async function connectRfb(path: string, password?: string): Promise<RfbClient> {
  const socket = createConnection(path);
  await once(socket, 'connect');
  const read = reader(socket);
  const number = async (bytes: number): Promise<number> => (await read(bytes)).readUIntBE(0, bytes);
  await read(12);
  socket.write('RFB 003.008\n');
  const offered = [...(await read(await number(1)))];
  const type = password === undefined ? 1 : 2;
  if (!offered.includes(type))
    throw new Error(`the server has no security type ${type}: ${offered}`);
  socket.write(Buffer.from([type]));
  if (password !== undefined) socket.write(answer(await read(16), password));
  const refused = await number(4);
  if (refused !== 0) throw new Error(`refused: ${(await read(await number(4))).toString()}`);
  socket.write(Buffer.from([1]));
  const [width, height] = [await number(2), await number(2)];
  await read(16);
  await read(await number(4));
  // SetPixelFormat: 32 bits a point, 24 of them used, little-endian, red at bit 16.
  socket.write(Buffer.from([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]));
  const streams = new Map<string, Inflate>();
  let size = { width, height };

  /** Inflates a part of a stream that goes on from rectangle to rectangle. */
  async function inflate(stream: string, data: Buffer): Promise<Buffer> {
    const inflater = streams.get(stream) ?? createInflate();
    streams.set(stream, inflater);
    const found: Buffer[] = [];
    const take = (chunk: Buffer): void => void found.push(chunk);
    inflater.on('data', take);
    // Called when the part is through: the server ends each at a whole byte.
    await new Promise<void>((resolve, reject) => {
      inflater.once('error', reject);
      inflater.write(data, () => resolve());
    });
    inflater.removeAllListeners('error').removeListener('data', take);
    return Buffer.concat(found);
  }

  async function tight(area: Rectangle, paint: Paint): Promise<string> {
    const compactLength = async (): Promise<number> => {
      let length = 0;
      for (let shift = 0; shift < 21; shift += 7) {
        const byte = await number(1);
        length |= (byte & (shift < 14 ? 127 : 255)) << shift;
        if (byte < 128) break;
      }
      return length;
    };
    const control = await number(1);
    const kind = control >> 4;
    for (let stream = 0; stream < 4; stream++) {
      if (control & (1 << stream)) streams.delete(`tight ${stream}`);
    }
    if (kind === 8) {
      const [red, green, blue] = await read(3);
      paint(area, () => [blue!, green!, red!]);
      return 'tight fill';
    }
    if (kind === 9 || kind === 10) {
      const data = await read(await compactLength());
      return data.readUInt16BE(0) === 0xffd8 ? 'JPEG' : isPng(data, area) ? 'PNG' : 'broken';
    }
    const filter = control & 0x40 ? await number(1) : 0;
    const colors = filter === 1 ? (await number(1)) + 1 : 0;
    const palette = await read(3 * colors);
    const perRow =
      colors === 0 ? 3 * area.width : colors === 2 ? Math.ceil(area.width / 8) : area.width;
    const bytes = perRow * area.height;
    const data =
      bytes < 12
        ? await read(bytes)
        : await inflate(`tight ${kind & 3}`, await read(await compactLength()));
    if (data.length !== bytes)
      throw new Error(`tight: expected ${bytes} bytes, found ${data.length}`);
    paint(area, (x, y) => {
      const at = y * perRow + (colors === 2 ? x >> 3 : colors > 0 ? x : 3 * x);
      const index = colors === 2 ? (data[at]! >> (7 - (x & 7))) & 1 : data[at]!;
      const [from, place] = colors > 0 ? [palette, 3 * index] : [data, at];
      return [from[place + 2]!, from[place + 1]!, from[place]!];
    });
    return colors > 0 ? 'tight palette' : 'tight full';
  }

  async function hextile(area: Rectangle, paint: Paint): Promise<string> {
    let background: Buffer = Buffer.alloc(4);
    let foreground: Buffer = Buffer.alloc(4);
    for (let y = 0; y < area.height; y += 16) {
      for (let x = 0; x < area.width; x += 16) {
        const tile = {
          ...{ x: area.x + x, y: area.y + y },
          width: Math.min(16, area.width - x),
          height: Math.min(16, area.height - y),
        };
        const mask = await number(1);
        if (mask & 1) {
          const data = await read(4 * tile.width * tile.height);
          paint(tile, (column, row) => [
            ...data.subarray(4 * (row * tile.width + column)).subarray(0, 3),
          ]);
          continue;
        }
        if (mask & 2) background = await read(4);
        if (mask & 4) foreground = await read(4);
        paint(tile, () => [...background.subarray(0, 3)]);
        const parts = mask & 8 ? await number(1) : 0;
        for (let part = 0; part < parts; part++) {
          const color = mask & 16 ? await read(4) : foreground;
          const [place, extent] = await read(2);
          const inner = {
            ...{ x: tile.x + (place! >> 4), y: tile.y + (place! & 15) },
            ...{ width: (extent! >> 4) + 1, height: (extent! & 15) + 1 },
          };
          paint(inner, () => [...color.subarray(0, 3)]);
        }
      }
    }
    return 'hextile';
  }

  async function picture(encoding: EncodingName, quality?: number): Promise<Picture> {
    const wanted = [encodings[encoding], desktopSize];
    if (quality !== undefined) wanted.push(jpegQuality(quality));
    const set = Buffer.alloc(4 + 4 * wanted.length);
    set.writeUInt8(2, 0);
    set.writeUInt16BE(wanted.length, 2);
    for (const [index, one] of wanted.entries()) set.writeInt32BE(one, 4 + 4 * index);
    socket.write(set);
    const ask = (): void => {
      const request = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      request.writeUInt16BE(size.width, 6);
      request.writeUInt16BE(size.height, 8);
      socket.write(request);
    };
    ask();
    let points = Buffer.alloc(4 * size.width * size.height);
    const paint: Paint = (area, color) => {
      for (let y = 0; y < area.height; y++) {
        for (let x = 0; x < area.width; x++) {
          points.set(color(x, y), 4 * ((area.y + y) * size.width + area.x + x));
        }
      }
    };
    const forms = new Map<string, number>();
    let covered = 0;
    while (covered < size.width * size.height) {
      const message = await number(1);
      // Of a bell nothing follows; a text of the clipboard has a length.
      if (message === 2) continue;
      if (message === 3) {
        await read(3);
        await read(await number(4));
        continue;
      }
      if (message !== 0) throw new Error(`expected an update, found message ${message}`);
      await read(1);
      for (let left = await number(2); left > 0; left--) {
        const header = await read(12);
        const [x = 0, y = 0, width = 0, height = 0] = [0, 2, 4, 6].map((at) =>
          header.readUInt16BE(at),
        );
        const area = { x, y, width, height };
        const kind = header.readInt32BE(8);
        if (kind === desktopSize) {
          size = { width, height };
          points = Buffer.alloc(4 * width * height);
          covered = 0;
          ask();
          continue;
        }
        const form = await rectangle(kind, area, paint);
        forms.set(form, (forms.get(form) ?? 0) + 1);
        covered += width * height;
      }
    }
    return { ...size, points, forms };
  }

  async function rectangle(kind: number, area: Rectangle, paint: Paint): Promise<string> {
    const fromPoints = (data: Buffer, bytes: number): void => {
      if (data.length !== bytes * area.width * area.height) {
        throw new Error(`expected ${bytes} bytes a point, found ${data.length} in all`);
      }
      paint(area, (x, y) => [...data.subarray(bytes * (y * area.width + x)).subarray(0, 3)]);
    };
    if (kind === encodings.raw) {
      fromPoints(await read(4 * area.width * area.height), 4);
      return 'raw';
    }
    if (kind === encodings.hextile) return hextile(area, paint);
    if (kind === encodings.tight || kind === encodings['tight PNG']) return tight(area, paint);
    if (kind !== encodings.zlib && kind !== encodings.zrle) throw new Error(`encoding ${kind}`);
    const data = await read(await number(4));
    const plain = await inflate(kind === encodings.zlib ? 'zlib' : 'zrle', data);
    if (kind === encodings.zlib) fromPoints(plain, 4);
    return kind === encodings.zlib ? 'zlib' : 'zrle';
  }

  return {
    picture,
    key: (symbol, isDown) => {
      const message = Buffer.from([4, Number(isDown), 0, 0, 0, 0, 0, 0]);
      message.writeUInt32BE(symbol, 4);
      socket.write(message);
    },
    pointer: (x, y, buttons) => {
      socket.write(Buffer.from([5, buttons, x >> 8, x & 255, y >> 8, y & 255]));
    },
    close: () => void socket.destroy(),
  };
}

/** Colours points of an area, counted from its corner: blue, green, red. */
type Paint = (area: Rectangle, color: (x: number, y: number) => number[]) => void;

/** PNG specification, section 11.2.2: the first chunk has width and height. */
function isPng(data: Buffer, { width, height }: Rectangle): boolean {
  const isSigned = data.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'));
  return isSigned && data.readUInt32BE(16) === width && data.readUInt32BE(20) === height;
}

/** DES with the bits of each byte of the key reversed; OpenSSL has it only as the first of three equal ones. */
function answer(challenge: Buffer, password: string): Buffer {
  const key = Buffer.alloc(8);
  Buffer.from(password).copy(key);
  for (const [index, byte] of key.entries()) {
    key[index] = Number.parseInt(byte.toString(2).padStart(8, '0').split('').reverse().join(''), 2);
  }
  const cipher = createCipheriv('des-ede3', Buffer.concat([key, key, key]), null);
  return cipher.setAutoPadding(false).update(challenge);
}
