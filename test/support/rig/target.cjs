// The "machine" of a stranger's rig, on its serial line: a QEMU that is switched by orders on a pipe, and knows
// nothing of the harness. Its disk is disk.img beside it.
const { spawn } = require('node:child_process');
const fs = require('node:fs');

let machine;
const words = [
  ...[
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-machine',
    'q35',
    '-m',
    '768',
    '-smp',
    '2',
  ],
  ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-serial', 'stdio', '-no-shutdown'],
  ...['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile='],
  ...['-drive', 'file=disk.img,format=raw,if=virtio'],
  ...['-monitor', 'unix:monitor.sock,server=on,wait=off'],
];
const off = () => {
  machine?.kill('SIGKILL');
  machine = undefined;
};
const monitor = (command) => {
  const socket = require('node:net').connect('monitor.sock', () => socket.end(`${command}\n`));
  socket.resume();
};
const orders = {
  on() {
    machine = spawn('qemu-system-x86_64', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    machine.stdout.pipe(process.stdout, { end: false });
  },
  off,
  reset: () => monitor('system_reset'),
  button: () => monitor('system_powerdown'),
};
process.stdin.on('data', (typed) => machine?.stdin.write(typed));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
process.stdin.on('end', () => process.exit(0));
process.on('exit', off);
fs.createReadStream(null, { fd: fs.openSync('orders', 'r+') }).on('data', (chunk) => {
  for (const order of chunk.toString().split('\n').filter(Boolean)) orders[order]();
});
