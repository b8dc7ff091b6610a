import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** An agent as somebody adds one: the files of its folder, by their names. `glow` is the text that it has in its file. */
const lamp = (glow: string): Readonly<Record<string, string>> => ({
  'agent.ts': `import { anything } from '../../../protocol/form.ts';
import { type Agent, nodeProgram } from '../agent.ts';

/** Glows. */
export const lamp: Agent = {
  name: 'lamp',
  description: 'Lamp of a test',
  user: { uid: 142, gid: 142 },
  entries: { lamp: 'main.ts' },
  program: nodeProgram('lamp', { heapMiB: 32 }),
  dependsOn: ['syslog'],
  restartOn: ['hostname'],
  talksTo: ['shade'],
  listens: [{ name: 'glow', port: 4242 }, { name: 'hum', port: 4243 }],
  prepare: (host) => void host.makeFolder(),
  forwards: { look: anything, break: anything, bomb: anything, hog: anything, ask: anything, flood: anything, chatter: anything, exhaust: anything, talk: anything },
  vmkd: ['status', 'cim.classes'],
  memoryMax: 96 << 20,
  pidsMax: 40,
  cpuWeight: 50,
  support: [
    { file: 'lamp/look.json', method: 'look' },
    { file: 'lamp/lamp.txt', program: ['/usr/bin/lamp'] },
  ],
};
`,
  'main.ts': `import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { listenersFileOf } from '../agent.ts';
import { agentConnections } from '../../system/agent-connections.ts';
import { listenerGate } from '../../system/listener-gate.ts';
import { serveHandedSocket } from '../../system/unix-socket.ts';
import { connectToVmkd } from '../../system/vmkd-connection.ts';
import { lampMethods } from './service.ts';

const status = readFileSync('/proc/self/status', 'utf8');
const codeOf = (work: () => void): string => {
  try {
    work();
    return 'done';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'none';
  }
};
const connected = (path: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(path, () => resolve('done'));
    socket.on('error', ({ code = 'none' }: NodeJS.ErrnoException) => resolve(code));
  });
// Where root would work: its own folder, and what was guessed of the system's /tmp.
const tmp = readdirSync('/tmp');
const attacks = {
  folder: codeOf(() => writeFileSync('/run/twinbank/lamp/setup.json', '')),
  above: codeOf(() => writeFileSync('/run/twinbank/x', '')),
  tmp: codeOf(() => symlinkSync('/etc/shadow', '/tmp/support.tgz.new')),
  shadow: codeOf(() => readFileSync('/etc/shadow')),
  disk: codeOf(() => readFileSync('/dev/vda')),
  setup: codeOf(() => readFileSync('/run/twinbank/cim/setup.json')),
  vmkd: await connected('/run/twinbank/vmkd.sock'),
  init: codeOf(() => readFileSync('/proc/' + process.ppid + '/root/etc/shadow')),
  mount: spawnSync('/bin/mount', ['-t', 'tmpfs', 'tmpfs', '/tmp']).status,
  unshare: spawnSync('/bin/unshare', ['-r', '/bin/true']).status,
  module: spawnSync('/bin/insmod', ['/tmp/x.ko']).status,
};
const processes = readdirSync('/proc').filter((name) => Number(name) > 0).length;
/** Starts processes until there can be no more, or takes memory until the kernel ends it. */
const bomb = () => {
  const started = Array.from({ length: 100 }, () => {
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    child.on('error', () => {});
    return child;
  });
  const pids = started.filter(({ pid }) => pid !== undefined).length;
  for (const child of started) child.kill('SIGKILL');
  return pids;
};
const hog = (): void => {
  const kept: Buffer[] = [];
  setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 20);
};
const vmkd = connectToVmkd();
const ask = (method: string): Promise<unknown> =>
  vmkd.call(method).catch(({ message }: Error) => ({ message }));
const flood = (): void =>
  void setInterval(() => {
    for (let index = 0; index < 1000; index++) void ask('status');
  }, 10);
const chatter = (): void => {
  for (let index = 0; index < 5000; index++) console.log('line ' + index + '\\x1b[2J');
};
/** Opens what it can, and writes what it can: how much, and what the last attempt was answered. */
const exhaust = () => {
  const open: number[] = [];
  const descriptors = codeOf(() => {
    while (open.length < 20000) open.push(openSync('/dev/null', 'r'));
  });
  for (const fd of open) closeSync(fd);
  const tmp = codeOf(() => writeFileSync('/tmp/much', Buffer.alloc(24 << 20, 1)));
  rmSync('/tmp/much');
  return { opened: open.length, descriptors, tmp };
};
const others = agentConnections(vmkd);
/** What another agent says first. */
const talk = async (name: string): Promise<string> => {
  const socket = await others.connectTo(name);
  for await (const bytes of socket) return String(bytes);
  return 'nothing';
};
const bornAt = Date.now();
const look = {
  bornAt,
  processes,
  tmp,
  attacks,
  capabilities: /^CapEff:\\t(\\w+)$/m.exec(status)?.[1],
  pid: process.pid,
  user: [process.getuid?.(), process.getgid?.()],
  noNewPrivileges: /^NoNewPrivs:\\t1$/m.test(status),
  hostname: hostname(),
  oomScore: Number(readFileSync('/proc/self/oom_score_adj', 'utf8')),
};
const kill = (): void => void setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
process.once('SIGTERM', () => {
  console.log('it was asked to end');
  process.exit(0);
});
const fails = (error: Error): never => {
  throw error;
};
const gate = listenerGate({ file: listenersFileOf('lamp'), vmkd, failed: fails });
for (const name of ['glow', 'hum']) gate.serve(name, (socket) => socket.end(name + 's\\n'));
serveHandedSocket(lampMethods({ look: () => look, kill, bomb, hog, ask, flood, chatter, exhaust, talk }), fails);
`,
  'service.ts': `export interface LampPort {
  look(): object;
  kill(): void;
  bomb(): number;
  hog(): void;
  ask(method: string): Promise<unknown>;
  flood(): void;
  chatter(): void;
  exhaust(): object;
  talk(name: string): Promise<string>;
}

export function lampMethods({ look, kill, bomb, hog, ask, flood, chatter, exhaust, talk }: LampPort) {
  return {
    look,
    exhaust,
    break: () => {
      kill();
      return {};
    },
    ask: ({ method }: Record<string, unknown>) => ask(String(method)),
    talk: async ({ name }: Record<string, unknown>) => ({ heard: await talk(String(name)) }),
    flood: () => {
      flood();
      return {};
    },
    chatter: () => {
      chatter();
      return {};
    },
    bomb: () => ({ started: bomb() }),
    hog: () => {
      hog();
      return {};
    },
  };
}
`,
  'image/etc/lamp.conf': glow,
  'image/usr/bin/lamp':
    '#!/bin/sh\nlogger -t lamp -p auth.notice somebody looks\nexec cat /etc/lamp.conf\n',
});

/** Another one, to whom the lamp may talk. */
const shade: Readonly<Record<string, string>> = {
  'agent.ts': `import { type Agent, nodeProgram } from '../agent.ts';

/** Says who talks to it. */
export const shade: Agent = {
  name: 'shade',
  description: 'Shade of the lamp of a test',
  user: { uid: 143, gid: 143 },
  entries: { shade: 'main.ts' },
  program: nodeProgram('shade', { heapMiB: 16 }),
  vmkd: [],
  memoryMax: 96 << 20,
  pidsMax: 40,
  cpuWeight: 50,
};
`,
  'main.ts': `import { agentConnections } from '../../system/agent-connections.ts';
import { connectToVmkd } from '../../system/vmkd-connection.ts';

agentConnections(connectToVmkd()).onConnection((name, socket) => socket.end('you are ' + name));
`,
};

/** A copy of the project below `folder`, with the folders of lamp and shade and their entries in the registry; returns the command line's program. */
export function projectWithLamp(
  root: string,
  folder: string,
  glow: string,
): { copy: string; program: string } {
  const copy = join(folder, 'project');
  mkdirSync(copy);
  for (const name of ['src', 'recipes', 'scripts', 'package.json', 'package-lock.json']) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const [agent, files] of Object.entries({ lamp: lamp(glow), shade })) {
    for (const [name, text] of Object.entries(files)) {
      const path = join(copy, 'src/runtime/agents', agent, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      if (text.startsWith('#!')) chmodSync(path, 0o755);
    }
  }
  const registry = join(copy, 'src/runtime/agents/registry.ts');
  const text = readFileSync(registry, 'utf8')
    .replace(
      'import { syslog }',
      "import { lamp } from './lamp/agent.ts';\nimport { shade } from './shade/agent.ts';\nimport { syslog }",
    )
    .replace('= [', '= [lamp, shade, ');
  writeFileSync(registry, text);
  const { status, stderr } = spawnSync(process.execPath, [join(copy, 'scripts/build.mjs')]);
  if (status !== 0) throw new Error(`scripts/build.mjs: exit code ${status}: ${stderr}`);
  return { copy, program: join(copy, 'dist/twinbank.js') };
}
