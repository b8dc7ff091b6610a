import { spawn } from 'node:child_process';
import {
  createReadStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { createBmap, encodeBmap } from '../../../src/disk/bmap.ts';
import { nonZeroExtents } from '../../../src/disk/sparse.ts';
import { smallImage } from '../../unit/bootloader/small-image.ts';
import { runHere } from '../../unit/cli/host.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const { bytes } = smallImage();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-oracle-sources-'));
  writeFileSync(at('x.img'), bytes);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(at('x.bmap'), { force: true }));

const flash = (argv: string[], host = {}) =>
  runHere(['flash', ...argv], { host: { cwd: folder, ...host } });
const spools = () => readdirSync(tmpdir()).filter((name) => name.startsWith('twinbank-flash-'));

judgedBy(['gzip', 'xz', 'zstd', 'cmp'], () => {
  it.each([
    ['gzip', 'gz'],
    ['xz', 'xz'],
    ['zstd', 'zst'],
  ])(
    'flash unpacks what %s has packed, verified by the block map beside it',
    async (tool, ending) => {
      judge(tool, ['-kf', at('x.img')]);
      const packed = `x.img.${ending}`;
      const { code, stdout } = await flash([packed, 'd.img', '--yes', '--json']);
      expect([code, JSON.parse(stdout).checkedBy]).toEqual([0, 'contents']);
      judge('cmp', [at('x.img'), at('d.img')]);
      const device = memoryDevice(bytes);
      writeFileSync(at('x.bmap'), encodeBmap(createBmap(device, nonZeroExtents(device))));
      const again = await flash([packed, 'd.img', '--yes', '--json']);
      expect(JSON.parse(again.stdout)).toMatchObject({ checkedBy: 'bmap' });
      judge('cmp', [at('x.img'), at('d.img')]);
      expect(statSync(at('d.img')).blocks * 512).toBeLessThan(2 ** 20);
    },
  );

  it.each(['gz', 'xz', 'zst'])(
    'flash refuses a .%s that is cut short, and writes nothing',
    async (ending) => {
      const tool = { gz: 'gzip', xz: 'xz', zst: 'zstd' }[ending]!;
      judge(tool, ['-kf', at('x.img')]);
      const whole = readFileSync(at(`x.img.${ending}`));
      writeFileSync(at(`cut.${ending}`), whole.subarray(0, whole.length - 2000));
      const before = spools();
      const { code, stderr } = await flash([`cut.${ending}`, 'none.img']);
      expect(stderr).toMatch(/cut\.\w+: expected it to unpack, found: /);
      expect(code).toBe(6);
      expect(readdirSync(folder)).not.toContain('none.img');
      expect(spools()).toEqual(before);
    },
  );

  it('flash takes an image, packed or not, from standard input', async () => {
    judge('zstd', ['-kf', at('x.img')]);
    for (const name of ['x.img', 'x.img.zst']) {
      const stdin = createReadStream(at(name));
      const { code } = await flash(['-', 'piped.img', '--yes'], { stdin });
      expect(code).toBe(0);
      judge('cmp', [at('x.img'), at('piped.img')]);
    }
    const broken = await flash(['-', 'piped.img', '--yes'], {
      stdin: createReadStream(at('x.img'), { end: 5_000_000 }),
    });
    expect([broken.code, broken.stderr]).toEqual([6, expect.stringContaining('standard input: ')]);
    judge('cmp', [at('x.img'), at('piped.img')]);
  });
});

judgedBy(['qemu-img', 'qemu-system-x86_64'], () => {
  it.each(['qcow2', 'vmdk'])(
    'flash makes a .%s of that format, of the same disk',
    async (format) => {
      const target = `machine.${format}`;
      const { code } = await flash(['x.img', target, '--size', '64MiB']);
      expect(code).toBe(0);
      const info = JSON.parse(judge('qemu-img', ['info', '--output=json', at(target)]));
      expect(info).toMatchObject({ format, 'virtual-size': 64 * 2 ** 20 });
      expect(judge('qemu-img', ['check', at(target)])).toContain('No errors were found');
      await flash(['x.img', 'raw.img', '--size', '64MiB', '--yes']);
      judge('qemu-img', ['compare', at('raw.img'), at(target)]);
      expect((await runHere(['verify', at(target)])).code).toBe(0);
      const again = await flash([target, 'back.img', '--yes']);
      expect(again.code).toBe(0);
      judge('cmp', [at('raw.img'), at('back.img')]);
    },
  );

  it('flash refuses the disk of a machine that runs', async () => {
    await flash(['x.img', 'busy.img']);
    const drive = `file=${at('busy.img')},format=raw,if=virtio`;
    const argv = ['-S', '-display', 'none', '-nodefaults', '-qmp', 'stdio', '-drive', drive];
    const machine = spawn('qemu-system-x86_64', [...argv, '-accel', 'tcg']);
    const ended = new Promise((resolve) => machine.once('close', resolve));
    try {
      // Its greeting comes when its disks are open.
      await new Promise<void>((resolve, reject) => {
        machine.stdout.once('data', () => resolve());
        machine.once('close', () => reject(new Error('expected a machine that runs')));
      });
      const { code, stderr } = await flash(['x.img', 'busy.img', '--yes']);
      expect(stderr).toContain('a virtual machine or another program has it open');
      expect(code).toBe(8);
    } finally {
      machine.kill();
      await ended;
    }
    expect((await flash(['x.img', 'busy.img', '--yes'])).code).toBe(0);
  });
});

judgedBy(['dd', 'cmp'], () => {
  it('flash gives every byte to a command', async () => {
    const { code, stdout } = await flash(['x.img', `| dd of=${at('piped.img')} status=none`]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('took 19MiB')]);
    judge('cmp', [at('x.img'), at('piped.img')]);
  });

  it.each([
    ['head -c 1000 > /dev/null; exit 3', /exit 3: expected the command to end with 0, found 3/],
    ['cat > /dev/null; exit 4', /expected the command to end with 0, found 4/],
    ['head -c 1000 > /dev/null', /expected a reader to the end, found it gone after/],
    ['no-such-program', /expected the command to end with 0, found 127/],
  ])('flash to the command %j says what became of it', async (command, message) => {
    const { code, stderr } = await flash(['x.img', `|${command}`]);
    expect(stderr).toMatch(message);
    expect(code).toBe(5);
  });

  it('flash starts no command for an image that is not right', async () => {
    writeFileSync(at('bad.img'), bytes.subarray(0, 8 * 2 ** 20));
    const { code } = await flash(['bad.img', `| touch ${at('started')}`]);
    expect(code).toBe(6);
    expect(readdirSync(folder)).not.toContain('started');
  });
});
