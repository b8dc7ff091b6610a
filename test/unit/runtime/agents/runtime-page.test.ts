import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { socketOf } from '../../../../src/runtime/agents/agent.ts';
import { agents } from '../../../../src/runtime/agents/registry.ts';
import { vmkdDescriptor } from '../../../../src/runtime/system/vmkd-connection.ts';
import { markdownTable, regenerate } from '../../../support/generated-page.ts';
import { runtimePicture, worldBox } from './runtime-picture.ts';

const docs = resolve(import.meta.dirname, '../../../../docs');

function worlds(): string {
  const rows = agents.map((row) => {
    const { name, user, forwards, vmkd = [], talksTo = [], dependsOn = [], network } = row;
    return [
      `\`${name}\``,
      row.description,
      user ? `${name} (${user.uid})` : 'root',
      user ? (network ?? 'none') : 'the host',
      forwards ? `\`${socketOf(name)}\`` : '',
      vmkd.map((method) => `\`${method}\``).join(', '),
      talksTo.join(', '),
      dependsOn.join(', '),
    ];
  });
  const head = [
    'agent',
    '',
    'user',
    'network',
    'is asked at',
    'asks vmkd for',
    'talks to',
    'starts after',
  ];
  return markdownTable(head, rows);
}

describe('rows that listen', () => {
  it('have names of their own, ports of their own, and as many descriptors as an agent has room for', () => {
    const all = agents.flatMap(({ listens = [] }) => listens);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(new Set(all.map(({ port }) => port)).size).toBe(all.length);
    for (const { opens = [], listens = [], prepare } of agents) {
      expect(opens.length + listens.length).toBeLessThanOrEqual(vmkdDescriptor - 4);
      // Their folder is where they find who may connect.
      if (listens.length > 0) expect(prepare).toBeDefined();
    }
  });
});

describe('docs/runtime.md', () => {
  it('K6: shows the worlds as their rows are (npm run docs:runtime writes it anew)', async () => {
    const path = resolve(docs, 'runtime.md');
    const { text, names } = regenerate(readFileSync(path, 'utf8'), { worlds });
    expect(names).toEqual(['worlds']);
    await expect(text).toMatchFileSnapshot(path);
    await expect(runtimePicture(agents)).toMatchFileSnapshot(resolve(docs, 'runtime.svg'));
  });

  it('draws each world with what its row says, and nothing that would break the picture', () => {
    const lamp = {
      name: 'lamp',
      description: 'Lamp & <b>',
      user: { uid: 142, gid: 142 },
      program: { path: '/bin/true', args: () => [] },
      listens: [{ name: 'glow', port: 4242 }],
      vmkd: ['status'],
      talksTo: ['bell'],
      dependsOn: ['syslog'],
    };
    expect(worldBox(lamp)).toEqual({
      title: 'lamp: Lamp & <b>',
      lines: [
        'user lamp (142), in a world',
        'at most 128 MiB and 64 threads, weight 100',
        'network: none',
        'listens at TCP port 4242 (glow)',
        'asks vmkd for status',
        'talks to bell',
        'starts after syslog',
      ],
      wires: ['asks vmkd (descriptor 8)'],
    });
    expect(runtimePicture([lamp])).toContain('>lamp: Lamp &amp; &lt;b></text>');
    // A line to whom it talks, whichever comes first.
    const bell = { name: 'bell', description: 'Bell', program: lamp.program };
    for (const rows of [
      [lamp, bell],
      [bell, lamp],
    ]) {
      expect(runtimePicture(rows).match(/<polyline|<circle/g)).toEqual(['<polyline', '<circle']);
    }
  });
});
