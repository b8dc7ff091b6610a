// Stands for vmkd-update.mjs: says what it was asked, and takes chunks where they come from the caller.
import { parentPort, workerData } from 'node:worker_threads';

const { task: order, places } = workerData;
const { task, origin } = order;
const { running } = places;
const say = (message) => parentPort.postMessage(message);
const path = origin?.path ?? '';
const about = { bank: 6, from: '1.0-1', to: '1.1-1' };

if (task === 'rollback') say({ type: 'done', result: { bank: running } });
else if (path.endsWith('broken.tbu')) {
  say({ type: 'journal', event: { event: 'update', step: 'begun', ...about } });
  say({ type: 'failed', code: 'bundle.hash', message: 'broken.tbu: expected another hash' });
} else if (path.endsWith('odd.tbu')) {
  // What its name says in JSON; the thread goes on, as nobody has told it to end.
  say(JSON.parse(decodeURIComponent(path.slice('/tmp/'.length, -'.odd.tbu'.length))));
  parentPort.on('message', () => {});
} else if (path.endsWith('crash.tbu')) throw new Error('the worker broke');
else if (origin?.from === 'caller') {
  const received = [];
  const ask = () => {
    parentPort.once('message', ({ chunk }) => {
      if (chunk) {
        received.push(...chunk);
        ask();
        return;
      }
      say({
        type: 'done',
        result: { outcome: 'updated', ...about, text: Buffer.from(received).toString() },
      });
      parentPort.close();
    });
    say({ type: 'next-chunk' });
  };
  ask();
} else if (path.endsWith('slow.tbu')) {
  say({ type: 'progress', event: { type: 'step', step: 3, of: 5, title: 'Write bank 6' } });
  say({
    type: 'progress',
    event: { type: 'progress', task: 'write', done: 1, total: 2, unit: 'bytes' },
  });
  parentPort.on('message', () => {});
} else
  say({
    type: 'done',
    result: { outcome: path.endsWith('same.tbu') ? 'running' : 'updated', ...about },
  });
