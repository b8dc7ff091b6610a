import { expect, it } from 'vitest';
import type { LibraryPlan } from '../../../../src/builder/components/library-plan.ts';
import { checkStubNames, refuseNeededStubs } from '../../../../src/builder/modules/stubs.ts';

const place = 'modules.vmm.stubs';

function library(soname: string) {
  const path = `usr/lib/x86_64-linux-gnu/${soname}`;
  return { soname, from: 'deb:x', file: path, path };
}

const plan: LibraryPlan = {
  packages: [],
  libraries: [library('libglib-2.0.so.0'), library('libpng16.so.16')],
  stubs: [library('libpmem.so.1')],
  interpreters: ['lib64/ld-linux-x86-64.so.2'],
  below: [],
  scripts: [],
};
const below = new Set(['libc.so.6', 'libz.so.1']);

function check(...names: string[]): () => void {
  return () => checkStubNames(place, names, plan, below);
}

const wrong = (message: string) =>
  expect.objectContaining({ kind: 'recipe', code: 'modules.stub', message });

it('takes the name of a library that is linked', () => {
  expect(check('libpmem.so.1')).not.toThrow();
  expect(check()).not.toThrow();
});

it('refuses a name that nothing links, and says the nearest one that something does', () => {
  const expected = `${place}: expected libraries that the programs, or libraries that stay, link`;
  expect(check('libpmem.so.1', 'libpng16.so.15')).toThrow(
    wrong(
      `${expected}, found libpng16.so.15, which none of them does; did you mean libpng16.so.16?`,
    ),
  );
  // Only what is a stub itself would need it.
  expect(check('libndctl.so.6')).toThrow(
    wrong(`${expected}, found libndctl.so.6, which none of them does`),
  );
});

it('refuses a library of a module below, and what starts the programs', () => {
  expect(check('libz.so.1')).toThrow(
    wrong(
      `${place}: expected libraries that this module brings, found libz.so.1, which one below it brings`,
    ),
  );
  expect(check('ld-linux-x86-64.so.2')).toThrow(
    wrong(`${place}: expected libraries, found ld-linux-x86-64.so.2, which starts the programs`),
  );
});

it('refuses a stub of what a module above links, or stubs, too', () => {
  const vmm = { name: 'vmm', sonames: ['libz.so.1'], stubs: ['libfuse3.so.3'] };
  const engine = { name: 'engine', sonames: ['libc.so.6'] };
  const message = `${place}: expected libraries that no other module links, found libfuse3.so.3, which modules.tools does`;
  expect(() =>
    refuseNeededStubs([engine, vmm], { name: 'tools', sonames: ['libfuse3.so.3'] }),
  ).toThrow(wrong(message));
  expect(() =>
    refuseNeededStubs([vmm], { name: 'tools', sonames: [], stubs: ['libfuse3.so.3'] }),
  ).toThrow(wrong(message));
  expect(() =>
    refuseNeededStubs([engine, vmm], { name: 'tools', sonames: ['libjq.so.1'] }),
  ).not.toThrow();
});
