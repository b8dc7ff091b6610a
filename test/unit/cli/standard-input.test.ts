import { writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ndjsonLine } from '../../../src/harness/report/ndjson.ts';
import { packState } from '../../../src/state/archive.ts';
import { filesOfSettings } from '../../../src/state/settings.ts';
import { exampleRun } from '../../support/report/example-run.ts';
import { hostImage } from '../update/host-image.ts';
import { baseOf, keys, sign, trust } from '../update/manifests.ts';
import { updateFixture } from './update-fixture.ts';

const { run, image, bundle, read, at } = updateFixture();
const v1 = sign(baseOf({ trust: trust(keys.release) }));

/** A pipe that brings its bytes in small pieces, as a slow writer does. */
function piped(bytes: Uint8Array | string, step = 4000) {
  const whole = Buffer.from(bytes);
  const count = Math.ceil(whole.length / step);
  const pieces = Array.from({ length: count }, (_, n) => whole.subarray(n * step, (n + 1) * step));
  return { stdin: Readable.from(pieces, { objectMode: false }) };
}

describe('- as standard input', () => {
  it('is verified as the bundle that it brings', async () => {
    const name = await bundle('v1.tbu', [v1]);
    const argv = ['--key', 'release.pub'];
    const named = await run(['verify', name, ...argv]);
    const found = await run(['verify', '-', ...argv], piped(read(name), 5));
    expect(found).toEqual({ ...named, stdout: named.stdout.replace(name, 'standard input') });
    const json = await run(['verify', '-', ...argv, '--json'], piped(read(name)));
    expect(JSON.parse(json.stdout)).toMatchObject({ file: '-', bytes: read(name).length });
  });

  it('is inspected as the bundle that it brings', async () => {
    const name = await bundle('look.tbu', [v1]);
    const named = await run(['inspect', name]);
    const found = await run(['inspect', '-'], piped(read(name)));
    expect(found).toEqual({ ...named, stdout: named.stdout.replace(name, 'standard input') });
  });

  it.each(['verify', 'inspect'])('refuses an image to %s, and says to name it', async (command) => {
    const made = read(image('host.img', hostImage({ 5: { manifests: [v1] } }))).subarray(0, 9000);
    const { code, stderr } = await run([command, '-'], piped(made));
    expect(code).toBe(6);
    expect(stderr).toMatch(
      /^twinbank: standard input: expected a bundle.*an image has to be named/,
    );
  });

  it('is nothing for a question that reads a bundle twice', async () => {
    const { code, stderr } = await run(['inspect', '-', '--packages']);
    expect(code).toBe(2);
    expect(stderr).toContain('image: expected a file with this question, found -');
  });

  it('is read as a key', async () => {
    const named = await run(['keys', 'show', 'release.pub']);
    expect(await run(['keys', 'show', '-'], piped(read('release.pub')))).toEqual(named);
  });

  it('is read as a state, and no more of it than a state can have', async () => {
    const name = image('state.img', hostImage({ 5: { manifests: [v1] } }));
    const content = packState(filesOfSettings({ hostname: 'piped' }));
    const { code, stdout } = await run(['state', 'restore', name, '-'], piped(content, 10));
    expect(code).toBe(0);
    expect(stdout).toContain('the state of standard input is saved as generation 1');
    const back = await run(['state', 'backup', name, 'back.tgz']);
    expect([back.code, read('back.tgz').equals(content)]).toEqual([0, true]);
    const long = await run(['state', 'restore', name, '-'], piped(Buffer.alloc(2 ** 20), 2 ** 16));
    expect([long.code, long.stderr]).toEqual([
      6,
      expect.stringContaining('standard input: expected at most'),
    ]);
  });

  it('is read as the events of a run, with artefacts in the current folder', async () => {
    const events = exampleRun().map(ndjsonLine).join('');
    const { code, stdout } = await run(['report', '-', '--junit', 'run.xml'], piped(events, 1000));
    expect(code).toBe(0);
    expect(stdout).toContain('3 passed, 1 flaky, 1 failed');
    expect(read('run.xml').toString()).toContain('tests="7"');
    const bad = await run(['report', '-'], piped('x\n'));
    expect(bad.stderr).toContain('standard input:1: expected');
  });

  it('is read as a recipe, whose files lie below the current folder', async () => {
    writeFileSync(at('base.yaml'), 'product: lab\nname: lab\nversion: "1"\ntitle: Lab\n');
    const recipe = 'extends: base.yaml\nversion: "1.2.3"\n';
    const { code, stdout, stderr } = await run(['recipe', 'show', '-', '--origin'], piped(recipe));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('name: lab # base.yaml:2');
    expect(stdout).toMatch(/version: "?1\.2\.3"? # standard input:2/);
    const wrong = await run(['recipe', 'check', '-', '--set', 'x=1'], piped('bnak: 3\n'));
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toContain('standard input:1:1 bnak: expected one of the keys');
  });

  it('is refused at a terminal where bytes are expected', async () => {
    const stdin = Object.assign(Readable.from([]), { isTTY: true });
    for (const argv of [
      ['verify', '-'],
      ['inspect', '-'],
      ['update', 'host.img', '-'],
      ['state', 'restore', 'host.img', '-'],
      ['flash', '-', 'x.img'],
    ]) {
      const { code, stderr } = await run(argv, { stdin });
      expect([argv[0], code]).toEqual([argv[0], 2]);
      expect(stderr).toContain('expected a file or a pipe, found a terminal');
    }
  });
});
