import { list, nullable, number, object, text } from '../../../protocol/form.ts';
import { callSocket } from '../../system/call-socket.ts';

/** What it says of what vmkd answers. */
const answerForm = object({
  path: text,
  bytes: number,
  collectors: list(object({ file: text, problem: nullable(text) })),
});

/** `support-bundle`: asks vmkd for one, and says where it is and what is missing in it. Exit code 5: no answer. */
async function main(): Promise<void> {
  const vmkd = {
    name: 'vmkd',
    socket: '/run/twinbank/vmkd.sock',
    notThereCode: 'vmkd.no-answer',
    timeoutMs: 1_200_000,
    connectTimeoutMs: 0,
  };
  try {
    const answer = await callSocket(vmkd, 'support.collect', {});
    const { path, bytes, collectors } = answerForm(answer, 'support.collect');
    for (const { file, problem } of collectors)
      if (problem !== null) console.log(`${file}: ${problem}`);
    console.log(`${path}: ${bytes} bytes, ${collectors.length} collectors`);
  } catch (error) {
    console.error(`support-bundle: ${(error as Error).message}`);
    process.exitCode = 5;
  }
}

void main();
