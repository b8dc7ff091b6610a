import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { FileTree } from '../../../src/builder/components/file-tree.ts';
import { readDynamicSymbols } from '../../../src/builder/modules/dynamic-symbols.ts';
import { addStubs } from '../../../src/builder/modules/stubs.ts';
import { temporaryDirectory } from '../../unit/builder/components/surroundings.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

const folder = 'usr/lib/x86_64-linux-gnu';
const place = 'modules.vmm.stubs';

interface Source {
  readonly text: string;
  /** Names of libraries of the same test, in the order of the link. */
  readonly links?: readonly string[];
  /** ld's version script. */
  readonly versions?: string;
  readonly args?: readonly string[];
}

/** Shared libraries, `libNAME.so.1` each, and programs (those with a main), compiled by gcc into a root. */
function compile(sources: Readonly<Record<string, Source>>): string {
  const root = temporaryDirectory();
  mkdirSync(join(root, folder), { recursive: true });
  for (const [name, { text, links = [], versions, args = [] }] of Object.entries(sources)) {
    const source = join(root, `${name}.c`);
    writeFileSync(source, text);
    const script = join(root, `${name}.map`);
    if (versions !== undefined) writeFileSync(script, versions);
    const isProgram = text.includes('main(');
    const output = join(root, folder, isProgram ? name : `lib${name}.so.1`);
    judge('gcc', [
      ...['-O1', '-fno-builtin', '-o', output, source, ...args],
      ...(isProgram ? [] : ['-shared', '-fPIC', `-Wl,-soname,lib${name}.so.1`]),
      ...(versions === undefined ? [] : [`-Wl,--version-script=${script}`]),
      // What libraries of libraries need is nobody's affair here, as where the loader looks is given.
      ...['-Wl,--no-as-needed', '-Wl,--allow-shlib-undefined', `-L${join(root, folder)}`],
      ...links.map((one) => `-l:lib${one}.so.1`),
    ]);
  }
  return root;
}

/** Files of a root as a tree: `names` as the module has them. */
function treeOf(root: string, names: readonly string[]): FileTree {
  return new Map(
    names.map((name) => {
      const path = `${folder}/${name}`;
      const from = { id: `deb:${name}`, path };
      return [path, { type: 'file', mode: 0o755, data: readFileSync(join(root, path)), from }];
    }),
  );
}

/** Puts stubs in the place of libraries of a root, whose other files are `kept`. */
async function stub(
  root: string,
  kept: readonly string[],
  stubs: readonly string[],
  below: readonly string[] = [],
): Promise<FileTree> {
  const there = new Set(['libc.so.6', ...below]);
  const tree = await addStubs(place, treeOf(root, kept), treeOf(root, stubs), there, root);
  for (const [path, entry] of tree) {
    if (entry.type === 'file') writeFileSync(join(root, path), entry.data, { mode: 0o755 });
  }
  return tree;
}

function run(root: string, name: string, args: readonly string[] = []) {
  const program = join(root, folder, name);
  const env = { ...process.env, LD_LIBRARY_PATH: dirname(program), LD_BIND_NOW: '1' };
  const { status, signal, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env });
  return { status, signal, stdout, stderr };
}

/** What readelf says of a library's own symbols: `name`, `name@VERSION` or `name@@VERSION`. */
function symbolsOf(path: string): string[] {
  return judge('readelf', ['--dyn-syms', '-W', path])
    .split('\n')
    .flatMap((line) => {
      const [, , , type, , , index, name = ''] = line.trim().split(/\s+/);
      return index !== 'UND' && type === 'FUNC' ? [name] : [];
    })
    .sort();
}

judgedBy(['gcc', 'readelf', 'as', 'ld'], () => {
  const numbers: Source = {
    text: `
      int old_one(void) { return 1; } int new_one(void) { return 2; }
      int two(void) { return 3; } int never(void) { return 4; } int plain(void) { return 5; }
      __asm__(".symver old_one, one@NUM_1"); __asm__(".symver new_one, one@@NUM_2");`,
    versions: 'NUM_1 { global: one; two; never; local: old_*; new_*; }; NUM_2 { one; } NUM_1;',
  };
  const program: Source = {
    text: `
      #include <stdio.h>
      #include <string.h>
      #include <signal.h>
      int one(void); int one_before(void); int two(void); int plain(void) __attribute__((weak));
      __asm__(".symver one_before, one@NUM_1");
      static void handler(int signal) { (void)signal; }
      int main(int count, char **words) {
        puts("started"); fflush(stdout);
        if (count < 2) return 0;
        if (count > 2) {
          sigset_t all; sigfillset(&all); sigprocmask(SIG_SETMASK, &all, 0);
          if (words[2][0] == 'h') signal(SIGABRT, handler);
        }
        int result = strcmp(words[1], "one") == 0 ? one()
          : strcmp(words[1], "before") == 0 ? one_before()
          : strcmp(words[1], "two") == 0 ? two() : plain ? plain() : 9;
        printf("returned %d\\n", result);
        return result;
      }`,
    links: ['num'],
  };
  const said = (name: string): string =>
    `libnum.so.1: expected nothing to call ${name}, which ${place} leaves out, found a call\n`;

  test('makes a stub that starts the program, and ends it with the name of what it calls', async () => {
    const root = compile({ num: numbers, program });
    expect(run(root, 'program', ['two'])).toMatchObject({ status: 3, stderr: '' });
    const tree = await stub(root, ['program'], ['libnum.so.1']);
    expect(run(root, 'program')).toMatchObject({ status: 0, stdout: 'started\n', stderr: '' });
    for (const [word, name] of [
      ['one', 'one'],
      ['before', 'one'],
      ['two', 'two'],
      ['plain', 'plain'],
    ] as const) {
      const ended = { signal: 'SIGABRT', stdout: 'started\n', stderr: said(name) };
      expect(run(root, 'program', [word]), word).toMatchObject(ended);
    }
    // Blocked signals and a handler that returns do not keep it alive.
    expect(run(root, 'program', ['two', 'blocked']).signal).toBe('SIGABRT');
    expect(run(root, 'program', ['two', 'handled'])).toMatchObject({
      status: 134,
      stdout: 'started\n',
      stderr: said('two'),
    });
    expect(tree.get(`${folder}/libnum.so.1`)).toMatchObject({ standsFor: 'deb:libnum.so.1' });
    expect(tree.get(`${folder}/libnum.so.1`)).not.toHaveProperty('from');
  });

  test('gives a stub the versions that are asked for and no function that nobody links', async () => {
    const root = compile({ num: numbers, program });
    await stub(root, ['program'], ['libnum.so.1']);
    const path = join(root, folder, 'libnum.so.1');
    expect(symbolsOf(path)).toEqual(['one@@NUM_2', 'one@NUM_1', 'plain', 'two@@NUM_1']);
    const dynamic = judge('readelf', ['-d', path]);
    expect(dynamic).toContain('Library soname: [libnum.so.1]');
    expect(dynamic).not.toContain('NEEDED');
    const loaded = judge('ldd', ['-r', join(root, folder, 'program')], {
      LD_LIBRARY_PATH: dirname(path),
    });
    expect(loaded).not.toMatch(/not found|undefined|no version/);
  });

  test('makes the same bytes of the same library, wherever that is', async () => {
    const made: Uint8Array[] = [];
    for (let round = 0; round < 2; round++) {
      const root = compile({ num: numbers, program });
      const tree = await stub(root, ['program'], ['libnum.so.1']);
      const entry = tree.get(`${folder}/libnum.so.1`);
      if (entry?.type === 'file') made.push(entry.data);
    }
    expect(made).toHaveLength(2);
    expect(Buffer.compare(made[0]!, made[1]!)).toBe(0);
    expect(made[0]!.length).toBeLessThan(16_384);
  });

  test('stands for what libraries that stay link, too', async () => {
    const middle: Source = {
      text: 'int two(void); int middle(void) { return two(); }',
      links: ['num'],
    };
    const outer: Source = {
      text: 'int middle(void); int main(int count, char **words) { (void)words; return count > 1 ? middle() : 0; }',
      links: ['middle'],
    };
    const root = compile({ num: numbers, middle, outer });
    expect(run(root, 'outer', ['x']).status).toBe(3);
    await stub(root, ['outer', 'libmiddle.so.1'], ['libnum.so.1']);
    expect(run(root, 'outer')).toMatchObject({ status: 0, stderr: '' });
    expect(run(root, 'outer', ['x'])).toMatchObject({ signal: 'SIGABRT', stderr: said('two') });
  });

  test('refuses a library whose data somebody reads, with both names', async () => {
    const table: Source = { text: 'int table[4] = {1, 2, 3, 4}; int sum(void) { return 10; }' };
    const reader: Source = {
      text: 'extern int table[4]; int reader(void) { return table[1]; }',
      links: ['table'],
    };
    const copier: Source = {
      text: 'extern int table[4]; int main(void) { return table[1]; }',
      links: ['table'],
    };
    const root = compile({ table, reader, copier });
    expect(judge('readelf', ['-r', '-W', join(root, folder, 'copier')])).toContain('R_X86_64_COPY');
    // A program has a copy of such data of its own, so to read its symbols alone would not tell.
    for (const name of ['libreader.so.1', 'copier']) {
      await expect(stub(root, [name], ['libtable.so.1'])).rejects.toMatchObject({
        kind: 'recipe',
        code: 'modules.stub',
        message: `${place}: expected libraries of which only functions are linked, found libtable.so.1, whose table is data that /${folder}/${name} reads`,
      });
    }
  });

  test('refuses to leave out a library that somebody uses without linking it', async () => {
    const deep: Source = { text: 'int deep(void) { return 7; }' };
    const upper: Source = {
      text: 'int deep(void); int upper(void) { return deep(); }',
      links: ['deep'],
    };
    const user: Source = {
      text: 'int deep(void); int upper(void); int user(void) { return deep() + upper(); }',
      links: ['upper'],
    };
    const root = compile({ deep, upper, user });
    await expect(stub(root, ['libuser.so.1'], ['libupper.so.1'])).rejects.toMatchObject({
      code: 'modules.stub',
      message: `${place}: expected libraries that can be left out, found one whose own libraries have deep, which /${folder}/libuser.so.1 uses without linking them`,
    });
    // With the library that has it, nothing is lost.
    const whole = await stub(root, ['libuser.so.1', 'libdeep.so.1'], ['libupper.so.1']);
    expect([...whole.keys()].map((path) => basename(path)).sort()).toEqual([
      'libdeep.so.1',
      'libupper.so.1',
      'libuser.so.1',
    ]);
  });

  test('takes a name without a version for one of a library below that has both kinds', async () => {
    // As zlib: what it had before its first version has none.
    const mixed: Source = {
      text: 'int newer(void) { return 1; } int older(void) { return 2; }',
      versions: 'MIXED_1 { global: newer; };',
    };
    const user: Source = {
      text: 'int newer(void); int older(void); int two(void); int main(int count, char **words) { (void)words; return count > 1 ? two() : newer() + older(); }',
      links: ['num', 'mixed'],
    };
    const root = compile({ num: numbers, mixed, user });
    await stub(root, ['user'], ['libnum.so.1'], ['libmixed.so.1']);
    expect(run(root, 'user')).toMatchObject({ status: 3, stderr: '' });
    expect(run(root, 'user', ['x'])).toMatchObject({ signal: 'SIGABRT', stderr: said('two') });
  });

  test('reads the dynamic symbols that readelf reads', () => {
    const root = compile({ num: numbers, program });
    for (const file of ['program', 'libnum.so.1']) {
      const path = join(root, folder, file);
      const { imports, exports } = readDynamicSymbols(readFileSync(path));
      const rows = judge('readelf', ['--dyn-syms', '-W', path])
        .split('\n')
        .flatMap((line) => {
          const [number = '', , , type, bind, , index, name = ''] = line.trim().split(/\s+/);
          const isSymbol = /^[0-9]+:$/.test(number) && name !== '' && bind !== 'LOCAL';
          return isSymbol ? [{ type, bind, index, name }] : [];
        });
      // The program's own stdout is a copy of the C library's.
      const isForeign = ({ index, name }: (typeof rows)[number]): boolean =>
        index === 'UND' || name.startsWith('stdout@');
      const own = rows.filter((row) => !isForeign(row));
      expect(
        exports.map(({ name, version, isDefault }) =>
          version === undefined ? name : `${name}${isDefault ? '@@' : '@'}${version}`,
        ),
        // The names of versions are absolute symbols of that name, in that version.
      ).toEqual(own.map(({ name, index }) => (index === 'ABS' ? `${name}@@${name}` : name)));
      expect(exports.filter(({ isFunction }) => isFunction)).toHaveLength(
        own.filter(({ type }) => type === 'FUNC').length,
      );
      const foreign = rows.filter(isForeign);
      expect(
        imports.map(({ name, version }) => (version === undefined ? name : `${name}@${version}`)),
      ).toEqual(foreign.map(({ name }) => name));
      expect(imports.filter(({ weak }) => weak).map(({ name }) => name)).toEqual(
        foreign.filter(({ bind }) => bind === 'WEAK').map(({ name }) => name.split('@')[0]),
      );
    }
  });
});
