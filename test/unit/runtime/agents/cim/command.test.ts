import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { serveSocket } from '../../../../../src/protocol/json-rpc.ts';
import { RpcError } from '../../../../../src/protocol/rpc-error.ts';
import { askCim } from '../../../../../src/runtime/agents/cim/cim-client.ts';
import {
  formatAnswer,
  parseArguments,
} from '../../../../../src/runtime/agents/cim/cim-command-line.ts';
import { cimForwarders, prepareCim } from '../../../../../src/runtime/vmkernel/cim-service.ts';
import { workshop } from '../../../recipe/workshop.ts';

describe('the command cim', () => {
  test.each([
    ['classes', { method: 'classes', params: {} }],
    ['class CIM_Fan --json', { method: 'class', params: { name: 'CIM_Fan' }, json: true }],
    ['instances CIM_Fan', { method: 'instances', params: { class: 'CIM_Fan' }, json: false }],
    ['indications --follow', { method: 'indications', follow: true }],
    [
      'invoke P M Speed=5 Name=x',
      { params: { path: 'P', method: 'M', parameters: { Speed: 5, Name: 'x' } } },
    ],
  ])('%s', (line, expected) => {
    expect(parseArguments(line.split(' '))).toMatchObject(expected);
  });

  test.each([
    ['', 'expected a command, found none'],
    ['toString', 'expected a command, found toString'],
    ['class', 'expected NAME, found nothing'],
    ['classes x', 'expected nothing more, found x'],
    ['classes --follow', 'classes: unknown option --follow'],
    ['invoke P M x', 'invoke: expected NAME=VALUE, found x'],
  ])('"%s" is a mistake', (line, message) => {
    expect(parseArguments(line.split(' ').filter(Boolean))).toBe(message);
  });

  test('shows instances and who failed, and never what would drive a terminal', () => {
    const answer = {
      instances: [
        {
          path: 'root/cimv2:A_B.C="1"',
          className: 'A_B',
          properties: { C: '1', D: 'x\u001b[2J\u009b' },
        },
      ],
      problems: [{ provider: 'acme/p', className: 'A_C', message: 'no bus' }],
    };
    const parsed = parseArguments(['instances', 'A_B']);
    if (typeof parsed === 'string') throw new Error(parsed);
    const text = formatAnswer(parsed, answer);
    expect(text.split('\n')).toEqual([
      'root/cimv2:A_B.C="1"',
      expect.stringMatching(/^ {2}C +1$/),
      expect.stringMatching(/^ {2}D +"x\\u001b\[2J\?"$/),
      '! A_C of acme/p: no bus',
    ]);
  });
});

describe('the agent through vmkd', () => {
  const servers: { close(): void }[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  test("answers as it does on its own socket, its errors' codes included", async () => {
    const socket = join(workshop({}), 'cim.sock');
    const methods = {
      classes: () => ({ classes: [] }),
      get: () => {
        throw new RpcError('cim.not-found', 'CIM status 6: none');
      },
    };
    const server = createServer((client) => serveSocket(client, methods));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const forward = cimForwarders((method, params) => askCim(method, params, { socket }));
    expect(await forward['cim.classes']?.({})).toEqual({ classes: [] });
    await expect(forward['cim.get']?.({ path: 'x' })).rejects.toMatchObject({
      code: 'cim.not-found',
    });
    await expect(
      cimForwarders((method, params) =>
        askCim(method, params, { socket: `${socket}.gone`, patienceMs: 0 }),
      )['cim.get']?.({}),
    ).rejects.toMatchObject({ code: 'cim.no-agent' });
  });

  test.each([
    'null',
    '17',
    '[]',
    'noise',
    '{"id":1,"error":null}',
    '{"id":1,"error":{"data":null}}',
  ])('is not brought down by an agent that answers %s', async (line) => {
    const socket = join(workshop({}), 'cim.sock');
    const server = createServer((client) => client.end(`${line}\n`));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    await expect(askCim('classes', {}, { socket })).rejects.toBeInstanceOf(RpcError);
  });

  test('sees the providers that signed manifests list, and no other file', () => {
    const provider = (writes: string[]) => JSON.stringify({ writes, devices: [] });
    const root = workshop({
      'usr/lib/twinbank/cim/acme/a.json': provider(['/sys/x*']),
      'usr/lib/twinbank/cim/acme/stray.json': provider([]),
      'sys/x1': '',
      'sys/firmware/dmi/tables/DMI': 'table',
    });
    const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const files = [
      'usr/lib/twinbank/cim/acme/a.json',
      'usr/lib/twinbank/cim/acme/a.mjs',
      'etc/x.json',
    ];
    expect(prepareCim({ files, user, root })).toEqual([]);
    const setup = JSON.parse(readFileSync(join(root, 'run/twinbank/cim/setup.json'), 'utf8'));
    expect(setup.providers).toEqual([join(root, 'usr/lib/twinbank/cim/acme/a.json')]);
    expect(readFileSync(setup.smbiosTable, 'utf8')).toBe('table');
    const gone = ['usr/lib/twinbank/cim/acme/gone.json'];
    expect(prepareCim({ files: gone, user, root })).toEqual([expect.stringContaining('ENOENT')]);
  });
});
