/**
 * The body of a fake QEMU (`fakeQemu`) that boots bank 5 at each power-on and reset, keeps and takes back a machine,
 * and writes down what it is told, one line of JSON each, to `commands` beside it.
 */
export const fakeMachine = `
const path = require('node:path');
const log = path.join(path.dirname(process.argv[1]), 'commands');
fs.appendFileSync(log, JSON.stringify({ start: process.argv.slice(2) }) + '\\n');
const serial = connect('console');
const vmkd = connect('vmkd');
const control = connect('qmp');
const line = (text) => serial.write(text + '\\r\\n');
let timers = [];
const boot = () => {
  timers.forEach(clearTimeout);
  line('twinbank: loader');
  line('twinbank: bank 5 VALID attempts=0 verdict=- updated=2 build=1-1');
  line('twinbank: bank 6 VALID attempts=0 verdict=- updated=1 build=1-1');
  timers = [
    setTimeout(() => line('twinbank: verifying bank 5'), 20),
    setTimeout(() => line('twinbank: booting bank 5 build=1-1'), 150),
    setTimeout(() => line('twinbank: ready build=1-1 bank=5 boot=9.9s'), 160),
  ];
};
const send = (message) => control.write(JSON.stringify(message) + '\\n');
const nodes = new Set(['image']);
let attached = 'image';
const answers = {
  qmp_capabilities: () => {
    if (!process.argv.includes('-incoming')) setTimeout(boot, 5);
  },
  system_reset: () => {
    send({ event: 'RESET', data: { guest: false, reason: 'host-qmp-system-reset' } });
    boot();
  },
  system_powerdown: () => void setTimeout(() => {
    send({ event: 'SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' } });
    serial.end('[   33.6] reboot: Power down\\r\\n', () => control.end(() => process.exit(0)));
  }, 5),
  'query-migrate': () => ({ status: 'completed' }),
  'query-status': () => ({ status: 'paused' }),
  'query-block': () => [{
    device: 'disk',
    qdev: '/machine/peripheral-anon/device[4]/virtio-backend',
    inserted: { 'node-name': attached },
  }],
  'qom-set': (args) => {
    // As QEMU 7.2 does.
    if (args.value === attached) process.exit(134);
    attached = args.value;
  },
  'query-named-block-nodes': () => [...nodes].map((name) => ({ 'node-name': name })),
  'blockdev-add': (args) => void nodes.add(args['node-name']),
  'blockdev-del': (args) => void nodes.delete(args['node-name']),
  'human-monitor-command': (args) =>
    args['command-line'] === 'info usernet'
      ? '  TCP[HOST_FORWARD]  84  127.0.0.1 44101  10.0.2.15  443  0  0\\r\\n'
      : '',
  screendump: (args) => fs.writeFileSync(args.filename, Buffer.from('89504e47', 'hex')),
};
const lines = (socket, hear) => {
  let pending = '';
  socket.on('data', (chunk) => {
    const parts = (pending + chunk).split('\\n');
    pending = parts.pop();
    for (const part of parts) hear(JSON.parse(part));
  });
};
send({ QMP: { version: {} } });
lines(control, ({ execute, arguments: args, id }) => {
  fs.appendFileSync(log, JSON.stringify({ execute, ...(args && { args }) }) + '\\n');
  send({ return: answers[execute]?.(args) ?? {}, id });
});
lines(vmkd, ({ id, method }) => {
  if (method === 'crash') process.exit(9);
  // Nobody is there any more who could answer.
  if (method === 'fault.panic') return line('Kernel panic - not syncing: sysrq triggered crash');
  vmkd.write(JSON.stringify({ jsonrpc: '2.0', id, result: { bank: 5, problems: [] } }) + '\\n');
});
`;
