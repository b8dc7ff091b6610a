import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ndjsonLine } from '../../../src/harness/report/ndjson.ts';
import { packState } from '../../../src/state/archive.ts';
import { filesOfSettings } from '../../../src/state/settings.ts';
import { exampleRun } from '../../support/report/example-run.ts';
import { hostImage } from '../update/host-image.ts';
import { baseOf, keys, sign, trust } from '../update/manifests.ts';
import { updateFixture } from './update-fixture.ts';

const { run, image, at } = updateFixture();
const v1 = sign(baseOf({ trust: trust(keys.release) }));

beforeAll(() => {
  mkdirSync(at('folder'));
  mkdirSync(at('own.lock.yaml'));
  writeFileSync(at('own.yaml'), 'extends: twinbank:default\n');
  image('host.img', hostImage({ 5: { manifests: [v1] } }));
  writeFileSync(at('run.ndjson'), exampleRun().map(ndjsonLine).join(''));
  writeFileSync(at('host.tgz'), packState(filesOfSettings({ hostname: 'moved' })));
});

/** Runs a command while a named pipe brings what a file has. */
async function fromPipe(file: string, argv: readonly string[]) {
  execFileSync('mkfifo', [at(`${file}.pipe`)]);
  const writer = spawn('cp', ['--no-target-directory', at(file), at(`${file}.pipe`)]);
  const closed = once(writer, 'close');
  const result = await run(argv);
  // It waits still where nothing has read the pipe.
  writer.kill();
  await closed;
  return result;
}

describe('a small file that a command reads', () => {
  it.each([
    ['folder', ['verify', 'host.img', '--key', 'folder']],
    ['folder', ['verify', 'host.img', '--provenance', 'folder']],
    ['folder', ['update', 'host.img', 'x.tbu', '--key', 'folder']],
    ['folder', ['report', 'folder']],
    ['folder', ['keys', 'show', 'folder']],
    ['folder', ['state', 'restore', 'host.img', 'folder']],
    ['own.lock.yaml', ['build', 'own.yaml', '--locked']],
  ])('is named as %s when it is a folder, by %j', async (name, argv) => {
    const { code, stderr } = await run(argv, { env: { TWINBANK_CACHE: at('cache') } });
    expect(stderr).toContain(`twinbank: ${name}: expected a file or pipe, found a directory\n`);
    expect(code).toBe(2);
  });

  it.each([
    ['run.ndjson', ['report']],
    ['host.tgz', ['state', 'restore', 'host.img']],
    ['release.pub', ['verify', 'host.img', '--json', '--key']],
  ])('may come through a named pipe, as %s', async (file, argv) => {
    const plain = await run([...argv, file]);
    const piped = await fromPipe(file, [...argv, `${file}.pipe`]);
    expect(piped.stderr).toBe(plain.stderr);
    expect([plain.code, piped.code]).toEqual([0, 0]);
  });

  it('is refused when it is longer than it can be', async () => {
    writeFileSync(at('large.json'), Buffer.alloc(2 ** 24 + 1, ' '));
    const { code, stderr } = await run(['verify', 'host.img', '--provenance', 'large.json']);
    expect(stderr).toContain('large.json: expected at most 16777216 bytes, found more');
    expect(code).toBe(6);
  });
});
