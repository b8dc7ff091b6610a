import { askCim } from '../../agents/cim/cim-client.ts';
import type { SupportAnswer } from './support-service.ts';

/** `support-bundle`: asks vmkd for one, and says where it is and what is missing in it. Exit code 5: no answer. */
async function main(): Promise<void> {
  const socket = '/run/twinbank/vmkd.sock';
  try {
    const answer = await askCim(
      'support.collect',
      {},
      { socket, timeoutMs: 1_200_000, patienceMs: 0 },
    );
    const { path, bytes, collectors } = answer as SupportAnswer;
    for (const { file, problem } of collectors)
      if (problem !== null) console.log(`${file}: ${problem}`);
    console.log(`${path}: ${bytes} bytes, ${collectors.length} collectors`);
  } catch (error) {
    console.error(`support-bundle: ${(error as Error).message}`);
    process.exitCode = 5;
  }
}

void main();
