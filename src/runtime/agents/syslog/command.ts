import { setTimeout as pause } from 'node:timers/promises';
import { callSocket } from '../../system/call-socket.ts';
import { socketOf } from '../agent.ts';
import { readForm, statusForm } from './answer-forms.ts';
import { mergeLogs, newestBytes, parseArguments, usage } from './command-line.ts';
import type { LogName } from './log-files.ts';

const agent = {
  name: 'the agent syslog',
  socket: socketOf('syslog'),
  notThereCode: 'syslog.no-agent',
};
const followMs = 1000;

/** `logread`: the log of the host, at a shell of it. Exit codes as twinbank's: 2 usage, 5 no answer. */
async function main(): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2));
  if (typeof parsed === 'string') {
    console.error(`logread: ${parsed}\n${usage}`);
    process.exitCode = 2;
    return;
  }
  const positions = new Map<LogName, number>();
  /** Those that are not read from the start of a line. */
  const cut = new Set<LogName>();
  const look = async (): Promise<void> => {
    const texts: string[] = [];
    for (const name of parsed.names) {
      const text = await readOn(name, positions);
      texts.push(cut.delete(name) ? text.slice(text.indexOf('\n') + 1) : text);
    }
    const text = mergeLogs(texts);
    if (text !== '') process.stdout.write(text);
  };
  try {
    if (parsed.newest) {
      const { files } = statusForm(await callSocket(agent, 'status', {}), 'the log');
      for (const { file, first, next } of files) {
        if (next - newestBytes <= first) continue;
        positions.set(file, next - newestBytes);
        cut.add(file);
      }
    }
    await look();
    // Until somebody ends it.
    while (parsed.follow) {
      await pause(followMs);
      await look();
    }
  } catch (error) {
    console.error(`logread: ${(error as Error).message}`);
    process.exitCode = 5;
  }
}

/** All of a log from where it was read to. */
async function readOn(file: LogName, positions: Map<LogName, number>): Promise<string> {
  const texts: string[] = [];
  for (;;) {
    const from = positions.get(file) ?? 0;
    const page = readForm(await callSocket(agent, 'read', { file, from }), 'the log');
    texts.push(page.text);
    positions.set(file, page.next);
    if (page.end || page.next === page.from) return texts.join('');
  }
}

void main();
