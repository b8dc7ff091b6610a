import { listenerGate } from '../../src/runtime/system/listener-gate.ts';
import { connectToVmkd } from '../../src/runtime/system/vmkd-connection.ts';

/** An agent that listens: what vmkd hands over for `glow` and `hum` answers who is let in. Its argument is the file of its listeners. */
const gate = listenerGate({
  file: process.argv[2] ?? '',
  vmkd: connectToVmkd(),
  failed: ({ message }) => console.log(message),
});
for (const name of ['glow', 'hum']) {
  const server = gate.serve(name, (socket) => socket.on('data', (text) => socket.write(text)));
  console.log(server ? `${name} is open` : `${name} is closed`);
}
