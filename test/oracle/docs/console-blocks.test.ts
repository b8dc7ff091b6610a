import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { masked, printed } from '../../support/console-output.ts';
import { pageSteps } from '../../support/console-page.ts';
import { consoleSession } from '../../support/console-session.ts';
import { builtImage, repository } from '../builder/built-image.ts';

const image = builtImage();
const pages = ['README.md', ...readdirSync(join(repository, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, steps: pageSteps(readFileSync(join(repository, name), 'utf8')) }))
  .filter(({ steps }) => steps.some((step) => step.kind === 'console' && !step.notRun));

/** What `npm start` leaves of a fresh clone, but for the disks of its two boots. */
function cloneAfterStart(name: string): string {
  const folder = join(image.program.folder, name.replaceAll('/', '-'));
  mkdirSync(folder);
  for (const part of ['recipes', 'scenarios', 'oem-providers', 'package.json']) {
    copy(['-r', join(repository, part), folder]);
  }
  const out = join(folder, 'out');
  mkdirSync(out);
  const made = readdirSync(image.folder).filter((file) => !/\.(?:qcow2|vmdk)$/.test(file));
  const files = made.map((file) => join(image.folder, file));
  copy(['--reflink=auto', '--sparse=auto', '--no-preserve=mode', ...files, out]);
  return folder;
}

function copy(args: readonly string[]): void {
  const { status, stderr } = spawnSync('cp', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

describe.each(pages)('the console blocks of $name', ({ name, steps }) => {
  test('do what the page shows, in their order, from a clone after `npm start`', () => {
    const folder = cloneAfterStart(name);
    const env = { ...process.env, TWINBANK_PASSPHRASE: 'as the page says', NO_COLOR: '1' };
    const session = consoleSession({ folder, program: image.program, env });
    for (const step of steps) {
      if (step.kind === 'file') session.write(step.path, step.text, step.append);
      if (step.kind === 'file' || step.notRun) continue;
      for (const [index, { line, text, output }] of step.commands.entries()) {
        const { code, lines } = session.type(text);
        const place = `${name}:${line}: ${text}`;
        const found = `${place}\n${lines.join('\n')}`;
        // `echo $?` below a command shows how it ended; without it the command has to end well.
        if (step.commands[index + 1]?.text !== 'echo $?') expect(code, found).toBe(0);
        if (output.length === 0 || printed(output, lines)) continue;
        // As a difference, for whoever has to mend the page.
        expect([place, ...lines.map(masked)]).toEqual([place, ...output.map(masked)]);
      }
    }
  });
});
