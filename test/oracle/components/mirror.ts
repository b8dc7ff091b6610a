import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Apt } from '../../../src/builder/components/apt.ts';
import { runTool } from '../../../src/host/run-tool.ts';
import { temporaryDirectory } from '../../unit/builder/components/surroundings.ts';
import { judge } from './foreign-tool.ts';

/** What a mirror does to one answer for a package. */
export type Fault =
  /** The connection ends after so many bytes of the answer's body. */
  | { cutAfter: number }
  /** The connection stays open after so many bytes, and nothing more comes. */
  | { stallAfter: number }
  /** One byte at this place of the file is another. */
  | { flipAt: number }
  | { status: number };

export interface Mirror {
  readonly apt: Apt;
  /** For each request of a package: where its range began, and what was asked for. */
  readonly requests: { path: string; from: number }[];
  /** Taken from the front, one an answer; none left: answers are right. */
  readonly faults: Fault[];
  /** How often a fault was carried out: a test whose fault never fired proves nothing. */
  readonly fired: Fault[];
  /** Builds the package anew in this version and lists it; the old file is gone. */
  publish(name: string, version: string, size: number, fields?: string): void;
  /** apt-get update, into lists of the mirror's own. */
  update(): Promise<void>;
}

/** A Debian archive on the loopback interface, with faults on demand, and an apt that knows only it. */
export async function startMirror(): Promise<Mirror> {
  const root = temporaryDirectory();
  const packages = new Map<string, { stanza: string; file: string }>();
  const requests: Mirror['requests'] = [];
  const faults: Fault[] = [];
  const fired: Fault[] = [];

  const server = createServer((request, response) => {
    const path = (request.url ?? '').replaceAll('/./', '/');
    if (path === '/Packages') {
      response.end([...packages.values()].map(({ stanza }) => stanza).join('\n'));
      return;
    }
    const row = [...packages.values()].find(({ file }) => decodeURIComponent(path) === `/${file}`);
    if (row) answer(row.file, request, response);
    else response.writeHead(404).end();
  });

  function answer(file: string, request: IncomingMessage, response: ServerResponse): void {
    const data = readFileSync(join(root, file));
    // As real servers do: the rest only to who has the same file, by its date.
    const modified = statSync(join(root, file)).mtime.toUTCString();
    const same = request.headers['if-range'] === modified;
    const range = same ? /^bytes=([0-9]+)-/.exec(request.headers.range ?? '') : null;
    const from = Number(range?.[1] ?? 0);
    requests.push({ path: file, from });
    const fault = faults.shift();
    if (fault) fired.push(fault);
    if (fault && 'status' in fault) {
      response.writeHead(fault.status).end();
      return;
    }
    if (fault && 'flipAt' in fault) data[fault.flipAt] = ~data[fault.flipAt]!;
    response.writeHead(range ? 206 : 200, {
      'content-length': data.length - from,
      'last-modified': modified,
      'accept-ranges': 'bytes',
      ...(range ? { 'content-range': `bytes ${from}-${data.length - 1}/${data.length}` } : {}),
    });
    if (fault && 'cutAfter' in fault) {
      response.write(data.subarray(from, from + fault.cutAfter), () => response.destroy());
    } else if (fault && 'stallAfter' in fault) {
      response.write(data.subarray(from, from + fault.stallAfter));
    } else response.end(data.subarray(from));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const apt = aptOf(root, port);

  function publish(name: string, version: string, size: number, fields = ''): void {
    const content = join(root, 'content', name);
    mkdirSync(join(content, 'DEBIAN'), { recursive: true });
    mkdirSync(join(content, 'usr/share'), { recursive: true });
    const control = `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nMaintainer: x <x@example.org>\n${fields}Description: x\n`;
    writeFileSync(join(content, 'DEBIAN/control'), control);
    writeFileSync(join(content, 'usr/share', name), randomBytes(size));
    const file = `${name}_${version.replace(/^[0-9]+:/, '')}_amd64.deb`;
    judge('dpkg-deb', ['-Znone', '--root-owner-group', '-b', content, join(root, file)]);
    const data = readFileSync(join(root, file));
    const sha256 = createHash('sha256').update(data).digest('hex');
    const stanza = `${control}Filename: ${file}\nSize: ${data.length}\nSHA256: ${sha256}\n`;
    packages.set(name, { stanza, file });
  }

  async function update(): Promise<void> {
    const options = apt.options.flatMap((option) => ['-o', option]);
    await runTool('apt-get', [...options, '-o', 'APT::Sandbox::User=root', 'update']);
  }
  return { apt, requests, faults, fired, publish, update };
}

function aptOf(root: string, port: number): Apt {
  const listsDirectory = join(root, 'lists');
  const configDirectory = join(root, 'etc');
  mkdirSync(join(listsDirectory, 'partial'), { recursive: true });
  mkdirSync(configDirectory);
  const list = join(configDirectory, 'sources.list');
  writeFileSync(list, `deb [trusted=yes arch=amd64] http://127.0.0.1:${port} ./\n`);
  const options = [
    `Dir::State::Lists=${listsDirectory}`,
    'Dir::State::status=/dev/null',
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=-',
    'Acquire::http::Proxy=DIRECT',
    'Acquire::http::Timeout=5',
    'Acquire::Languages=none',
  ];
  return { listsDirectory, configDirectory, options };
}

/** Random, so that a chunk in the wrong place shows. */
function randomBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at++) bytes[at] = Math.floor(Math.random() * 256);
  return bytes;
}
