import {
  worldRestartForm,
  worldsListForm,
  worldsStatsForm,
} from '../../../hostcore/world-answers.ts';
import { callSocket } from '../../system/call-socket.ts';
import { listText, parseArguments, statsText, usage } from './worlds-text.ts';

const vmkd = {
  name: 'vmkd',
  socket: '/run/twinbank/vmkd.sock',
  notThereCode: 'vmkd.no-answer',
  connectTimeoutMs: 0,
};

const texts = {
  list: (answer: unknown) => listText(worldsListForm(answer, 'worlds.list'), Date.now() / 1000),
  stats: (answer: unknown) => statsText(worldsStatsForm(answer, 'worlds.stats')),
  restart: (answer: unknown) => {
    const { name, state } = worldRestartForm(answer, 'worlds.restart');
    return `${name}: ${state}`;
  },
};

/** `worlds`: the worlds of the host, at a shell of it. Exit codes as twinbank's: 2 usage, 5 no answer, or a world that does not run. */
async function main(): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2));
  if (typeof parsed === 'string') {
    console.error(`worlds: ${parsed}\n${usage}`);
    process.exitCode = 2;
    return;
  }
  const { command, params, json } = parsed;
  try {
    const answer = await callSocket(vmkd, `worlds.${command}`, params);
    console.log(json ? JSON.stringify(answer) : texts[command](answer));
  } catch (error) {
    console.error(`worlds: ${(error as Error).message}`);
    process.exitCode = 5;
  }
}

void main();
