// A world that misuses its connection to vmkd (descriptor 8) in one way. Says what it was answered, where it is answered at all.
import { Socket } from 'node:net';

const vmkd = new Socket({ fd: 8, readable: true, writable: true });
vmkd.on('error', () => process.exit(0));
const request = (method, id) => `${JSON.stringify({ ...(id && { id }), method })}\n`;
/** Writes as fast as it is taken. */
const without = (text) => {
  const more = () => {
    while (vmkd.write(text));
    vmkd.once('drain', more);
  };
  more();
};

const ways = {
  other: () => {
    vmkd.once('data', (answer) => {
      process.stdout.write(JSON.parse(String(answer)).error.message);
      process.exit(0);
    });
    vmkd.write(request('shutdown', 1));
  },
  flood: () => {
    vmkd.resume();
    without(request('status', 1));
  },
  notify: () => without(request('status')),
  blank: () => without('\n'.repeat(1000)),
  endless: () => without('x'.repeat(1 << 16)),
  half: () => vmkd.write('{"id":1,'),
  text: () => vmkd.write('hello\n'),
  types: () => vmkd.write('{"id":{},"method":["status"],"params":7}\n'),
  deep: () => vmkd.write(`${'['.repeat(100_000)}\n`),
  deaf: () => {
    for (let id = 1; id <= 50; id++) vmkd.write(request('large', id));
  },
};
ways[process.argv[2]]();
setInterval(() => {}, 1000);
