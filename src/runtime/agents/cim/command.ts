import { callSocket } from '../../system/call-socket.ts';
import { socketOf } from '../agent.ts';
import { indicationsForm } from './answer-forms.ts';
import { formatAnswer, type Parsed, parseArguments, usage } from './command-line.ts';

const agent = { name: 'the agent cim', socket: socketOf('cim'), notThereCode: 'cim.no-agent' };

/** `cim`: what the object manager knows, at a shell of the host. Exit codes as twinbank's: 2 usage, 5 no answer. */
async function main(): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2));
  if (typeof parsed === 'string') {
    console.error(`cim: ${parsed}\n${usage}`);
    process.exitCode = 2;
    return;
  }
  try {
    if (parsed.follow) await follow(parsed);
    else console.log(formatAnswer(parsed, await callSocket(agent, parsed.method, parsed.params)));
  } catch (error) {
    console.error(`cim: ${(error as Error).message}`);
    process.exitCode = 5;
  }
}

/** Until somebody ends it. */
async function follow(parsed: Parsed): Promise<void> {
  for (let after = 0; ; ) {
    const page = await callSocket(agent, parsed.method, { after, waitMs: 30_000 });
    const text = formatAnswer(parsed, page);
    if (text !== '') console.log(text);
    after = indicationsForm(page, parsed.method).next;
  }
}

void main();
