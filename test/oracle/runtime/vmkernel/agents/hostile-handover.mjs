// A world that misuses the descriptor by which it gets connections (10) in one way.
import { Socket } from 'node:net';

const [how] = process.argv.slice(2);
const channel = () => new Socket({ fd: 10, readable: false, writable: true });
/** Writes as fast as it is taken. */
const without = (text) => {
  const socket = channel();
  socket.on('error', () => process.exit(0));
  const more = () => {
    while (socket.write(text));
    socket.once('drain', more);
  };
  more();
};

const ways = {
  endless: () => without('x'.repeat(1 << 16)),
  lines: () => without('{"a":1}\n'.repeat(1 << 13)),
  text: () => channel().write('hello\n'),
  taken: () => channel().write('{"cmd":"NODE_HANDLE_ACK"}\n'),
  message: () => process.send({ cmd: 'NODE_HANDLE', type: 'net.Socket' }),
  handle: async () => {
    // Any socket: a listener cannot be made in a world, but there is standard output.
    process.send({}, new Socket({ fd: 1 }));
  },
  deaf: () => process.stdout.write('ready\n'),
};
await ways[how]();
setInterval(() => {}, 1000);
