import { agentConnections } from '../../src/runtime/system/agent-connections.ts';
import { connectToVmkd } from '../../src/runtime/system/vmkd-connection.ts';

/**
 * An agent that talks, by what its argument says: `serve` tells who connects to whom, and its number, and gives back what it hears; any
 * other words are agents that it connects to, one after another, and it says what it hears of each.
 */
const host = agentConnections(connectToVmkd());
const [how, ...names] = process.argv.slice(2);

if (how === 'serve') {
  host.onConnection((name, socket) => {
    socket.write(`to ${name}\n`);
    socket.pipe(socket);
    socket.on('close', () => console.log(`${name} has gone`));
  });
} else {
  const stay = setInterval(() => {}, 1000);
  for (const name of names) {
    const said = await host.connectTo(name).then(
      (socket) =>
        new Promise<string>((resolve) => {
          let heard = '';
          socket.on('data', (text) => {
            heard += text;
            if (heard.includes('again')) resolve(heard.replaceAll('\n', ' '));
          });
          socket.on('close', () => console.log(`${name} has gone`));
          socket.write('again\n');
        }),
      ({ code, message }) => `${code}: ${message}`,
    );
    console.log(said);
  }
  if (how === 'end') clearInterval(stay);
}
