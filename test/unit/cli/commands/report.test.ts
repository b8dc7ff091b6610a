import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjsonLine } from '../../../../src/harness/report/ndjson.ts';
import type { RunEvent } from '../../../../src/harness/report/run-event.ts';
import { ownDevice } from '../../../support/own-device.ts';
import { exampleRun } from '../../../support/report/example-run.ts';
import { grayPng } from '../../../support/report/png.ts';
import { eventStream } from '../../../support/report/stream.ts';
import { runHere } from '../host.ts';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-report-'));
const write = (name: string, events: readonly RunEvent[]): void =>
  writeFileSync(join(folder, name), events.map(ndjsonLine).join(''));
const report = (...argv: string[]) => runHere(['report', ...argv], { host: { cwd: folder } });
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

beforeAll(() => write('run.ndjson', exampleRun()));
afterAll(() => rmSync(folder, { recursive: true }));

describe('report', () => {
  it('makes the reports of kept events, and says what needs a look', async () => {
    const { code, stdout } = await report(
      'run.ndjson',
      '--html',
      'out/run.html',
      '--junit',
      'run.xml',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^failed +update-power-cut \[.*expected the ready line of bank 5/);
    expect(stdout).toContain('\nflaky ');
    expect(stdout).toContain('3 passed, 1 flaky, 1 failed, 1 not applicable, 1 skipped\n');
    expect(read('out/run.html')).toContain('1 of 7 scenarios failed');
    expect(read('run.xml')).toContain('<testsuites name="twinbank" tests="7" failures="1"');
  });

  it('refuses two reports that are one file behind a link, there or not yet', async () => {
    mkdirSync(join(folder, 'far'), { recursive: true });
    symlinkSync('far/one.xml', join(folder, 'first'));
    symlinkSync('far/../far/one.xml', join(folder, 'second'));
    symlinkSync('far', join(folder, 'near'));
    const pairs = [
      ['far/one.xml', 'first'],
      ['first', 'second'],
      ['near/one.xml', 'far/one.xml'],
    ];
    for (const there of [false, true]) {
      if (there) writeFileSync(join(folder, 'far/one.xml'), 'old');
      for (const [one = '', other = ''] of pairs) {
        const { code, stderr } = await report('run.ndjson', '--junit', one, '--html', other);
        expect([code, stderr]).toEqual([2, expect.stringContaining('expected another file than')]);
      }
      expect(existsSync(join(folder, 'far/one.xml'))).toBe(there);
    }
    expect(read('first')).toBe('old');
  });

  it('has the same for programs', async () => {
    const { stdout } = await report('run.ndjson', '--json');
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      green: false,
      totals: { passed: 3, failed: 1 },
      gaps: [],
      html: null,
    });
    expect(found.scenarios[0]).toEqual({
      run: 'first-boot [firmware=bios disk=nvme]',
      scenario: 'first-boot',
      engine: 'qemu',
      variant: { firmware: 'bios', disk: 'nvme' },
      verdict: 'passed',
      seconds: expect.any(Number),
      attempts: 1,
    });
  });

  it('writes a summary in Markdown, and prints annotations for GitHub before the rest', async () => {
    const { stdout } = await report('run.ndjson', '--summary', 's.md', '--annotations', 'github');
    expect(read('s.md')).toMatch(/^## ✕ twinbank: 3 passed, /);
    expect(stdout).toMatch(
      /^::error file=scenarios\/update-power-cut\.yaml,.*\n::warning .*\nfailed /,
    );
    const piped = await report('run.ndjson', '--summary', '-', '--annotations', 'github');
    expect(piped.stdout).toBe(read('s.md'));
    expect(piped.stderr).toMatch(/^ *::error file=/);
    const quiet = await report('run.ndjson', '--summary', '-', '--annotations', 'github', '-q');
    expect(quiet.stdout).toBe(read('s.md'));
    expect(quiet.stderr).toMatch(/^::error file=[^\n]*\n::warning file=[^\n]*\n$/);
    const json = await report('run.ndjson', '--annotations', 'github', '--json');
    expect(JSON.parse(json.stdout).annotations).toHaveLength(2);
  });

  it('puts shards together, and misses one that is not there', async () => {
    for (const index of [1, 2]) {
      const stream = eventStream({ scenarios: 1, shard: { index, count: 3 } });
      stream.scenario(`s${index}`).done('passed');
      write(`shard-${index}.ndjson`, stream.end());
    }
    const { stdout, stderr } = await report(
      'shard-1.ndjson',
      'shard-2.ndjson',
      '--html',
      'all.html',
    );
    expect(stdout).toBe('2 passed\n');
    expect(stderr).toContain('of 3 shards these are missing: 3');
    expect(read('all.html')).toContain('The run is not complete');
  });

  it('takes events that a crash cut short, and refuses others by their line', async () => {
    const whole = read('run.ndjson');
    writeFileSync(join(folder, 'cut.ndjson'), whole.slice(0, 30_000));
    const cut = await report('cut.ndjson');
    expect(cut.code).toBe(0);
    expect(cut.stderr).toMatch(/cut\.ndjson:\d+: the last line is not whole/);
    expect(cut.stderr).toContain('the events of the run end before it does');
    writeFileSync(join(folder, 'bad.ndjson'), whole.replace('\n', '\n{"type":"boot"}\n'));
    const bad = await report('bad.ndjson');
    expect(bad.code).toBe(6);
    expect(bad.stderr).toContain('bad.ndjson:2: expected ');
  });

  it('has pictures and links of kept files, but none from outside their folder', async () => {
    const secret = join(folder, 'secret.png');
    writeFileSync(secret, grayPng(3, 3));
    mkdirSync(join(folder, 'kept'));
    writeFileSync(join(folder, 'kept/a b#1.png'), grayPng(2, 2));
    writeFileSync(join(folder, 'kept/text.png'), 'no picture');
    const stream = eventStream();
    const one = stream.scenario('x');
    const paths = ['a b#1.png', 'text.png', 'gone.png', '../secret.png', secret, 'a\0b', '\ud800'];
    for (const path of paths) one.kept('screenshot', path, path);
    one.done('passed');
    write('kept/run.ndjson', stream.end());
    expect((await report('kept/run.ndjson', '--html', 'x.html', '--junit', 'x.xml')).code).toBe(0);
    const page = read('x.html');
    const links = [...page.matchAll(/<figure><a href="([^"]*)"/g)].map(([, url]) => url);
    expect(links).toEqual(['./kept/a%20b%231.png', './kept/text.png', './kept/gone.png']);
    expect(page.match(/<img src="data:image\/png;base64,/g)).toHaveLength(1);
    const attachments = [...read('x.xml').matchAll(/ATTACHMENT\|([^\]]*)\]/g)].map(
      ([, path]) => path,
    );
    expect(attachments).toEqual(['kept/a b#1.png', 'kept/text.png', 'kept/gone.png']);
  });

  it('does not follow a link out of the folder of kept files', async () => {
    mkdirSync(join(folder, 'linked'));
    writeFileSync(join(folder, 'outside.png'), grayPng(4, 4));
    symlinkSync('../outside.png', join(folder, 'linked/in.png'));
    const stream = eventStream();
    const one = stream.scenario('x');
    one.kept('screenshot', 'in', 'in.png');
    one.done('passed');
    write('linked/run.ndjson', stream.end());
    await report('linked/run.ndjson', '--html', 'linked.html');
    expect(read('linked.html')).not.toContain('data:image/png;base64,');
  });

  it('writes one of them to standard output alone, and says the rest beside it', async () => {
    for (const out of ['-', '/dev/stdout']) {
      const { code, stdout, stderr } = await report(
        'run.ndjson',
        '--junit',
        out,
        '--html',
        'b.html',
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(/^<\?xml [\s\S]*<\/testsuites>\n$/);
      expect(stderr).toContain('3 passed, 1 flaky, 1 failed');
    }
    const both = await report('run.ndjson', '--junit', '-', '--html', '-');
    expect([both.code, both.stderr]).toEqual([
      2,
      'twinbank: --html: expected a file, found standard output, which --junit has\n',
    ]);
    expect((await report('run.ndjson', '--junit', '-', '--json')).code).toBe(2);
  });

  it('leaves a device and a link what they are', async () => {
    const device = ownDevice('null', folder);
    symlinkSync('far.xml', join(folder, 'link.xml'));
    expect((await report('run.ndjson', '--junit', 'link.xml', '--html', device)).code).toBe(0);
    expect(lstatSync(join(folder, 'link.xml')).isSymbolicLink()).toBe(true);
    expect(read('far.xml')).toContain('<testsuites');
    expect(lstatSync(device).isCharacterDevice()).toBe(true);
  });

  it('says which file is not there', async () => {
    const { code, stderr } = await report('none.ndjson');
    expect(code).toBe(5);
    expect(stderr).toContain('none.ndjson: no such file or directory');
  });
});
