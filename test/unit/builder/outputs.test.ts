import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { copiesOf, type ImageFormat } from '../../../src/builder/image-formats.ts';
import {
  assertReplaceable,
  type Outputs,
  type WrittenFiles,
  writeOutputs,
} from '../../../src/builder/outputs.ts';
import { assertApplianceDrivers, writeOva } from '../../../src/builder/ova/ova.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { decodeBmap } from '../../../src/disk/bmap.ts';
import { recordingDevice } from '../../../src/disk/extents.ts';
import { openFileDevice } from '../../../src/disk/file-device.ts';
import { openImage } from '../../../src/disk/open-image.ts';
import { temporaryImage } from '../../../src/disk/temporary-image.ts';
import { holdForeignLock } from '../../support/foreign-lock.ts';
import { ownDevice } from '../../support/own-device.ts';
import { temporaryDirectory } from './components/surroundings.ts';

/** Writes an image of 1 MiB with four bytes of data into `out`, as a build does. */
async function write(
  out: string,
  options: Partial<Outputs> = {},
  data = 'data',
): Promise<WrittenFiles> {
  return temporaryImage(out, 4, async (path) => {
    const file = openFileDevice(path, { create: true, size: 2 ** 20 });
    try {
      const device = recordingDevice(file);
      device.write(4096, Buffer.from(data));
      const outputs: Outputs = {
        out,
        name: 'x-1',
        fileName: 'x-1',
        formats: ['raw'],
        about: { title: 'x <&>', description: 'an "x"', product: 'x', build: '1-1' },
        manifests: [],
        modules: [],
        used: [],
        ...options,
      };
      return await writeOutputs({ path, device, extents: device.written() }, outputs);
    } finally {
      file.close();
    }
  });
}

describe('the results of a build', () => {
  it('are the image in each format, block map, manifest and lock, and nothing else', async () => {
    const out = temporaryDirectory();
    const { files, replaced } = await write(out, { formats: ['qcow2', 'raw'] });
    expect(replaced).toEqual([]);
    const names = ['x-1.qcow2', 'x-1.img', 'x-1.bmap', 'x-1.manifest.json', 'x-1.lock.yaml'];
    expect(files).toEqual(names.map((name) => join(out, name)));
    expect(readdirSync(out).sort()).toEqual([...names].sort());
    const image = statSync(join(out, 'x-1.img'));
    expect(image.size).toBe(2 ** 20);
    expect(image.blocks * 512).toBeLessThan(2 ** 16);
    expect(decodeBmap(readFileSync(join(out, 'x-1.bmap'), 'utf8')).ranges).toMatchObject([
      { offset: 4096, length: 4096 },
    ]);
  });

  it('are an appliance that holds descriptor, manifest and disk, in this order, and agrees with itself', async () => {
    const out = temporaryDirectory();
    expect((await write(out, { formats: ['ova'] })).files).toContain(join(out, 'x-1.ova'));
    expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([]);
    const run = (...args: string[]) => execFileSync('tar', args, { cwd: out, encoding: 'utf8' });
    const names = ['x-1.ovf', 'x-1.mf', 'x-1-disk1.vmdk'];
    expect(run('tf', 'x-1.ova').trim().split('\n')).toEqual(names);
    run('xf', 'x-1.ova');
    const read = (name: string) => readFileSync(join(out, name));
    const sum = (name: string) => createHash('sha256').update(read(name)).digest('hex');
    expect(read('x-1.mf').toString()).toBe(
      `SHA256(x-1.ovf)= ${sum('x-1.ovf')}\nSHA256(x-1-disk1.vmdk)= ${sum('x-1-disk1.vmdk')}\n`,
    );
    const ovf = read('x-1.ovf').toString();
    const { size } = statSync(join(out, 'x-1-disk1.vmdk'));
    expect(ovf).toContain(`ovf:href="x-1-disk1.vmdk" ovf:size="${size}"`);
    expect(ovf).toContain(`ovf:capacity="${2 ** 20}" ovf:capacityAllocationUnits="byte"`);
    expect(ovf).toContain('<Product>x &lt;&amp;&gt;</Product>');
    const opened = openImage(join(out, 'x-1-disk1.vmdk'));
    expect([opened.device.size, Buffer.from(opened.device.read(4096, 4)).toString()]).toEqual([
      2 ** 20,
      'data',
    ]);
    opened.close();
    expect(() => openImage(join(out, 'x-1.ova'))).toThrow(
      'x-1.ova: expected a raw, qcow2 or VMDK disk image, found an appliance (OVA); its disk is the .vmdk that tar -xf unpacks',
    );
    const again = temporaryDirectory();
    await write(again, { formats: ['ova'] });
    expect(readFileSync(join(again, 'x-1.ova')).equals(read('x-1.ova'))).toBe(true);
  });

  it('are no appliance where its file cannot be written, which ends in one rejection', async () => {
    const out = temporaryDirectory();
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.removeListener('unhandledRejection', note));
    mkdirSync(join(out, 'x.ova'));
    const about = { name: 'x', title: 'x', description: 'x', product: 'x', build: '1' };
    const device = memoryDevice(randomBytes(2 ** 20));
    const image = { device, extents: [{ offset: 0, length: 2 ** 20 }] };
    const written = writeOva(join(out, 'x.ova'), image, about);
    await expect(written).rejects.toMatchObject({ code: 'EISDIR' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
    expect(readdirSync(out)).toEqual(['x.ova']);
  });

  it('are no appliance without the drivers of its machine', () => {
    const withDrivers = (...names: string[]) =>
      assertApplianceDrivers([
        { paths: names.map((name) => ({ path: `usr/lib/modules/6/${name}.ko` })) },
      ]);
    expect(() => withDrivers('vmxnet3', 'vmw_pvscsi', 'ext4')).not.toThrow();
    expect(() => withDrivers('vmxnet3')).toThrow(
      'found no vmw_pvscsi: add them to modules.drivers',
    );
    expect(() => withDrivers('ext4')).toThrow('found no vmw_pvscsi and no vmxnet3');
  });

  it('replace those of an earlier build', async () => {
    const out = temporaryDirectory();
    await write(out);
    writeFileSync(join(out, 'x-1.img'), 'old');
    const { files, replaced } = await write(out);
    expect(replaced).toEqual(files);
    expect(statSync(join(out, 'x-1.img')).size).toBe(2 ** 20);
  });

  it.each(['raw', 'qcow2', 'ova'] as const)(
    'do not replace an image that a machine has open: %s',
    async (format) => {
      const out = temporaryDirectory();
      const [image = ''] = (await write(out, { formats: [format] })).files;
      // As hashes: a mebibyte compared item by item takes four seconds.
      const hashes = () =>
        readdirSync(out).map((name) => {
          const bytes = readFileSync(join(out, name));
          return [name, createHash('sha256').update(bytes).digest('hex')];
        });
      const before = hashes();
      onTestFinished(await holdForeignLock(image));
      const formats = ['vmdk', format] as const;
      const sentence = `${image}: expected a disk file that nobody uses, found a lock on it`;
      await expect(write(out, { formats })).rejects.toThrow(sentence);
      await expect(assertReplaceable({ out, fileName: 'x-1', formats })).rejects.toThrow(sentence);
      expect(hashes()).toEqual(before);
    },
  );

  it('are not written beside an image of another build, which they would be taken for', async () => {
    const out = temporaryDirectory();
    for (const [older, now] of [
      ['raw', 'qcow2'],
      ['qcow2', 'vmdk'],
      ['ova', 'qcow2'],
    ] as const) {
      const folder = join(out, older);
      const [image = ''] = (await write(folder, { formats: [older] }, 'old!')).files;
      const before = readdirSync(folder);
      await expect(write(folder, { formats: [now] })).rejects.toThrow(
        `${image}: expected no image of another build, which the new documents would be taken for, found one; remove it, make it anew with --format raw,${now}`,
      );
      expect(readdirSync(folder)).toEqual(before);
      // Those of the raw image are never taken for another one's.
      await write(folder, { formats: ['raw', now] });
    }
  });

  it('are written beside an image of the same content, made before in another format', async () => {
    const out = temporaryDirectory();
    await write(out);
    await write(out, { formats: ['qcow2'] });
    await write(out, { formats: ['vmdk'] });
    expect(
      readdirSync(out)
        .filter((name) => !/json|yaml/.test(name))
        .sort(),
    ).toEqual([...['x-1.bmap', 'x-1.img', 'x-1.qcow2', 'x-1.vmdk']]);
  });

  it('leave no document of the image before, whatever it is called', async () => {
    const out = temporaryDirectory();
    const { files } = await write(out);
    const bmap = readFileSync(join(out, 'x-1.bmap'));
    const older = ['x-1.img.bmap', 'x-1.img.cdx.json'].map((name) => join(out, name));
    writeFileSync(older[0]!, bmap);
    writeFileSync(older[1]!, '{"bomFormat":"CycloneDX"}');
    writeFileSync(join(out, 'x-1.img.provenance.json'), 'of somebody else');
    expect(await write(out)).toMatchObject({ files, withdrawn: older });
    expect(readdirSync(out)).toContain('x-1.img.provenance.json');
    expect(older.filter((path) => existsSync(path))).toEqual([]);
  });

  it('need room for the raw image, each packed one, and the disk of an appliance', () => {
    const most = (...formats: ImageFormat[]) => copiesOf(formats);
    expect([most('raw'), most('qcow2'), most('raw', 'qcow2'), most('vmdk', 'qcow2')]).toEqual([
      ...[1, 2, 2, 3],
    ]);
    expect([most('ova'), most('raw', 'ova'), most('ova', 'qcow2'), most('qcow2', 'ova')]).toEqual([
      ...[3, 3, 3, 4],
    ]);
  });

  it('appear all or not at all: a failure leaves the earlier ones alone', async () => {
    const out = temporaryDirectory();
    writeFileSync(join(out, 'x-1.img'), 'old');
    const modules = [{ name: 'broken', bytes: 1n }] as unknown as Outputs['modules'];
    await expect(write(out, { modules })).rejects.toThrow(/BigInt/);
    expect(readdirSync(out)).toEqual(['x-1.img']);
    expect(readFileSync(join(out, 'x-1.img'), 'utf8')).toBe('old');
  });

  it('do not appear after Ctrl-C', async () => {
    const out = temporaryDirectory();
    await expect(write(out, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    );
    expect(readdirSync(out)).toEqual([]);
  });

  it('go to what links lead to, and the links stay', async () => {
    const out = temporaryDirectory();
    mkdirSync(join(out, 'far'));
    for (const ending of ['img', 'bmap']) symlinkSync(`far/${ending}`, join(out, `x-1.${ending}`));
    expect((await write(out)).files[0]).toBe(join(out, 'x-1.img'));
    expect(lstatSync(join(out, 'x-1.img')).isSymbolicLink()).toBe(true);
    expect(statSync(join(out, 'far/img')).size).toBe(2 ** 20);
    expect(readdirSync(join(out, 'far')).sort()).toEqual(['bmap', 'img']);
  });

  it('never become what is a device, and leave it one', async () => {
    const out = temporaryDirectory();
    const device = ownDevice('null', temporaryDirectory());
    symlinkSync(device, join(out, 'x-1.bmap'));
    await expect(write(out)).rejects.toMatchObject({ kind: 'refused', code: 'output.special' });
    expect(statSync(device).isCharacterDevice()).toBe(true);
    expect(readdirSync(out)).toEqual(['x-1.bmap']);
  });

  it.each(['img', 'bmap', 'cdx.json', 'lock.yaml'])(
    'cannot take the place of a folder, which is said before anything is built: %s',
    async (ending) => {
      const out = temporaryDirectory();
      const path = join(out, `x-1.${ending}`);
      mkdirSync(path);
      const sentence = `${path}: expected a plain file or none, found a folder`;
      const formats = ['raw'] as const;
      await expect(assertReplaceable({ out, fileName: 'x-1', formats })).rejects.toThrow(sentence);
      const documents = () => ({ 'cdx.json': '{}' });
      await expect(write(out, { documents })).rejects.toThrow(sentence);
      expect(readdirSync(out)).toEqual([`x-1.${ending}`]);
    },
  );
});
