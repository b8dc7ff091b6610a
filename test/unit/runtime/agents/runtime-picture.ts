import { type Agent, folderOf, socketOf } from '../../../../src/runtime/agents/agent.ts';

/** Pixels. */
const lineHeight = 17;
const width = 960;
const worldLeft = 420;
const worldWidth = width - worldLeft - 40;

/** What a world is drawn with: its name and lines of text. */
export interface WorldBox {
  readonly title: string;
  readonly lines: readonly string[];
  /** What lies between vmkd and it, from above. */
  readonly wires: readonly string[];
}

/** What a row says of its world, in words. */
export function worldBox(row: Agent): WorldBox {
  const { name, user, memoryMax = 128 << 20, pidsMax = 64, cpuWeight = 100 } = row;
  const who = user ? `user ${name} (${user.uid}), in a world` : 'root, without a world';
  return {
    title: `${name}: ${row.description}`,
    lines: [
      who,
      `at most ${memoryMax >> 20} MiB and ${pidsMax} threads, weight ${cpuWeight}`,
      ...(user ? [`network: ${row.network ?? 'none'}`] : []),
      ...(row.opens?.map((one) =>
        'listen' in one ? `listens at ${one.listen}` : `reads ${one.read}`,
      ) ?? []),
      ...(row.listens?.map(({ name, port }) => `listens at TCP port ${port} (${name})`) ?? []),
      ...(row.writes ? [`writes ${row.writes.path}, ${row.writes.bytes >> 20} MiB at most`] : []),
      ...(row.sees ? [`sees ${row.sees.join(', ')}`] : []),
      ...(row.prepare ? [`has from vmkd what is in ${folderOf(name)}`] : []),
      ...(row.vmkd ? [`asks vmkd for ${row.vmkd.join(', ')}`] : []),
      ...(row.talksTo ? [`talks to ${row.talksTo.join(', ')}`] : []),
      ...(row.dependsOn ? [`starts after ${row.dependsOn.join(', ')}`] : []),
    ],
    wires: [
      ...(row.forwards ? [`${socketOf(name)}`] : []),
      ...(row.vmkd || row.talksTo ? ['asks vmkd (descriptor 8)'] : []),
    ],
  };
}

/** vmkd and the worlds of the rows, the pools around them, and who asks vmkd: an SVG document. */
export function runtimePicture(rows: readonly Agent[]): string {
  let y = 70;
  const places = new Map<string, number>();
  const worlds = rows.map((row) => {
    const box = worldBox(row);
    const height = (box.lines.length + 1) * lineHeight + 16;
    places.set(row.name, y + height / 2);
    const drawn = drawWorld(box, y, height);
    y += height + 14;
    return drawn;
  });
  const poolBottom = y + 4;
  const machines = poolBottom + 20;
  const height = machines + 74;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>The system that runs: vmkd, worlds, users and sockets</title>',
    rect({ x: 0, y: 0, width, height, fill: '#ffffff' }),
    rect({ x: 20, y: 20, width: width - 40, height: poolBottom - 20, fill: '#f4f6f8' }),
    text(32, 40, 'pool system (/sys/fs/cgroup/system)', { weight: 'bold' }),
    rect({ x: 40, y: 70, width: 200, height: poolBottom - 84, fill: '#dbe7f3' }),
    text(52, 90, 'vmkd', { weight: 'bold' }),
    ...[
      'root, oom_score_adj -1000',
      'feeds the watchdogs',
      '',
      'is asked by',
      '/run/twinbank/vmkd.sock',
      '(root only), and in a machine',
      'virtio-serial port',
      'org.twinbank.vmkd.0',
    ].map((line, index) => text(52, 108 + index * lineHeight, line)),
    ...worlds.flat(),
    ...drawTalks(rows, places),
    rect({ x: 20, y: machines, width: width - 40, height: 54, fill: '#f4f6f8' }),
    text(32, machines + 20, 'pool vm (/sys/fs/cgroup/vm)', { weight: 'bold' }),
    text(32, machines + 38, 'virtual machines, a group each; they outlive a vmkd that is killed'),
    '</svg>',
    '',
  ].join('\n');
}

/** A line on the right of the worlds for each pair that talks, with a dot at the one that is talked to. */
function drawTalks(rows: readonly Agent[], places: ReadonlyMap<string, number>): string[] {
  const pairs = rows.flatMap(({ name, talksTo = [] }) => talksTo.map((to) => [name, to] as const));
  const right = worldLeft + worldWidth;
  return pairs.flatMap(([name, to], index) => {
    const [from, at] = [places.get(name), places.get(to)];
    if (from === undefined || at === undefined) return [];
    const [start, end, x] = [from + index * 4, at + index * 4, right + 4 + ((index * 4) % 16)];
    return [
      `<polyline points="${right},${start} ${x},${start} ${x},${end} ${right},${end}" fill="none" stroke="#445566"/>`,
      `<circle cx="${right}" cy="${end}" r="3" fill="#445566"/>`,
    ];
  });
}

function drawWorld({ title, lines, wires }: WorldBox, y: number, height: number): string[] {
  const left = worldLeft + 10;
  return [
    rect({ x: worldLeft, y, width: worldWidth, height, fill: '#ffffff' }),
    text(left, y + 18, title, { weight: 'bold' }),
    ...lines.map((line, index) => text(left, y + 18 + (index + 1) * lineHeight, line)),
    ...wires.flatMap((wire, index) => {
      const at = y + 24 + index * 26;
      return [
        `<line x1="240" y1="${at}" x2="${worldLeft}" y2="${at}" stroke="#445566"/>`,
        text(248, at - 5, wire, { size: 10 }),
      ];
    }),
  ];
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fill: string;
}

function rect({ x, y, width: w, height: h, fill }: Box): string {
  return `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${fill}" stroke="#8899aa"/>`;
}

function text(
  x: number,
  y: number,
  words: string,
  { weight, size }: { readonly weight?: string; readonly size?: number } = {},
): string {
  const style = `${weight ? ` font-weight="${weight}"` : ''}${size ? ` font-size="${size}"` : ''}`;
  const safe = words.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<text x="${x}" y="${y}"${style}>${safe}</text>`;
}
