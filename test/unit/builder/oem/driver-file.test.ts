import { expect, test } from 'vitest';
import { assertNeeds, readDriverFile } from '../../../../src/builder/oem/driver-file.ts';
import { payload } from '../../disk/fat/trees.ts';
import { kernelModule } from '../modules/elf-file.ts';

const release = '6.1.0-56-amd64';
const vermagic = `${release} SMP preempt mod_unload modversions `;
const target = { release, vermagic };
const read = (
  path: string,
  data: Uint8Array,
  kernel: { release: string; vermagic: string | undefined } = target,
) => readDriverFile('p.yaml:1:1 driverFiles[0]', path, { data }, kernel);

test('a module that was built for the kernel is taken, with what it needs', () => {
  const data = kernelModule('depends=i2c-core,dca', `vermagic=${vermagic}`);
  expect(read('acme-nic.ko', data)).toEqual({
    name: 'acme_nic',
    path: 'acme-nic.ko',
    data,
    needs: ['i2c_core', 'dca'],
  });
});

test('one that was built for another kernel is refused, and both are named', () => {
  const data = kernelModule('depends=', 'vermagic=6.1.0-40-amd64 SMP preempt ');
  expect(() => read('x.ko', data)).toThrow(
    "p.yaml:1:1 driverFiles[0]: expected x.ko to be built for the bank's kernel, 6.1.0-56-amd64, found it built for 6.1.0-40-amd64; build it against linux-headers-6.1.0-56-amd64",
  );
});

test('so is one that was built with other options', () => {
  const data = kernelModule('depends=', `vermagic=${release} SMP mod_unload `);
  expect(() => read('x.ko', data)).toThrow(
    `expected x.ko to be built for the bank's kernel, "${vermagic.trim()}", found it built for "${release} SMP mod_unload"`,
  );
});

test('what is no kernel module is refused, whatever it is', () => {
  const good = kernelModule('depends=', `vermagic=${vermagic}`);
  const no = 'expected an unpacked kernel module, NAME.ko with a vermagic, found';
  expect(() => read('x.ko.xz', good)).toThrow(`${no} x.ko.xz`);
  expect(() => read('x.ko', kernelModule('depends='))).toThrow(`${no} x.ko`);
  expect(() => read('x.ko', new Uint8Array())).toThrow(`${no} x.ko`);
  for (let seed = 1; seed < 200; seed++) {
    const damaged = Uint8Array.from(good);
    damaged.set(payload(40, seed), 24);
    expect(() => read('x.ko', damaged)).toThrow(no);
  }
});

test('a module that nobody brings is named', () => {
  const driver = read('x.ko', kernelModule('depends=libphy,acme-core', `vermagic=${vermagic}`));
  const has = (name: string): boolean => name === 'libphy';
  expect(() => assertNeeds('p', driver, has)).toThrow(
    "p: expected every module that x needs in the bank's kernel or among driverFiles, found none of the name acme-core; add its file",
  );
  expect(() => assertNeeds('p', driver, () => true)).not.toThrow();
});
