import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dropAddonExports } from '../../../../src/builder/modules/elf-exports.ts';
import { functionRanges } from '../../../../src/builder/modules/engine/program-functions.ts';
import { removeCode } from '../../../../src/builder/modules/engine/removed-code.ts';
import { rebuildSymbolHash } from '../../../../src/builder/modules/engine/symbol-hash.ts';
import { blankUnwindTables } from '../../../../src/builder/modules/unwind-tables.ts';
import { temporaryDirectory } from '../../../unit/builder/components/surroundings.ts';
import { judge, judgedBy } from '../../components/foreign-tool.ts';

// Its own operator new is what its C++ library must find; for_addons is what nobody may.
const source = `
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <new>
#include <stdexcept>
#include <string>
static int news;
void *operator new(std::size_t size) { news++; return std::malloc(size); }
extern "C" int for_addons(int x) { return x + 1; }
extern "C" __attribute__((noinline)) int gone_small(int x) { return x * 3; }
extern "C" __attribute__((noinline)) int gone_large(int x) {
  for (int i = 0; i < 100; i++) std::printf("%d %d\\n", i, x * i + gone_small(i));
  for (int i = 0; i < 100; i++) std::fprintf(stderr, "%d %d %s\\n", i, x / (i + 1), "again");
  return x;
}
extern "C" __attribute__((noinline)) void kept() { std::printf("kept\\n"); }
int main(int count, char **words) {
  std::string what = count > 1 ? words[1] : "";
  kept();
  std::fflush(stdout);
  if (what == "small") return gone_small(count);
  if (what == "large") return gone_large(count);
  if (what == "throw") throw std::runtime_error("thrown");
  if (what == "find") {
    bool own = dlsym(RTLD_DEFAULT, "_Znwm") == (void *)static_cast<void *(*)(std::size_t)>(operator new);
    std::printf("%s %s %s\\n", own ? "own" : "none", dlsym(RTLD_DEFAULT, "for_addons") ? "found" : "none",
                dlsym(RTLD_DEFAULT, "printf") ? "found" : "none");
  }
  std::string text = std::to_string(news) + std::string(100, 'x');
  return news > 0 && text.size() > 100 ? 0 : 9;
}
`;

/** Compiles the program, changes its bytes and returns its path. */
function program(change: (stripped: Buffer, whole: Buffer) => void): string {
  const folder = temporaryDirectory();
  const [text, whole, stripped, changed] = ['x.cc', 'whole', 'stripped', 'changed'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  writeFileSync(text, source);
  judge('g++', ['-O1', '-rdynamic', '-o', whole, text, '-ldl']);
  judge('strip', ['--strip-unneeded', '-o', stripped, whole]);
  const bytes = readFileSync(stripped);
  const size = bytes.length;
  change(bytes, readFileSync(whole));
  expect(bytes.length).toBe(size);
  writeFileSync(changed, bytes);
  chmodSync(changed, 0o755);
  return changed;
}

const run = (file: string, word: string) => {
  const { stdout, stderr, status, signal } = spawnSync(file, [word], { encoding: 'utf8' });
  return { stdout, stderr, end: signal ?? status };
};

judgedBy(['g++', 'readelf', 'strip'], () => {
  test('a function that was removed says so and ends the process, whoever calls it', () => {
    const file = program((bytes, whole) => {
      const ranges = functionRanges(whole, bytes, (name) => name.startsWith('gone'));
      expect(removeCode(bytes, ranges, 'this part was left out')).toBeGreaterThan(100);
    });
    expect(run(file, '')).toEqual({ stdout: 'kept\n', stderr: '', end: 0 });
    for (const word of ['small', 'large']) {
      const stderr = 'this part was left out\n';
      expect(run(file, word)).toEqual({ stdout: 'kept\n', stderr, end: 'SIGILL' });
    }
  });

  test('an exception that nobody catches ends the process alike without unwind tables', () => {
    const [before, after] = [
      program(() => {}),
      program((bytes) => expect(blankUnwindTables(bytes)).toBeGreaterThan(100)),
    ];
    const end = run(before, 'throw');
    expect(end).toMatchObject({ end: 'SIGABRT' });
    expect(end.stderr).toContain(
      "terminate called after throwing an instance of 'std::runtime_error'",
    );
    expect(run(after, 'throw')).toEqual(end);
    expect(run(after, 'find')).toMatchObject({ end: 0 });
    expect(judge('readelf', ['-lW', after])).not.toContain('GNU_EH_FRAME');
  });

  test('symbols that stay are found by the new hash table, and those that went are not', () => {
    const file = program((bytes) => {
      dropAddonExports(bytes);
      expect(rebuildSymbolHash(bytes)).toBeGreaterThan(0);
    });
    expect(run(file, 'find')).toEqual({ stdout: 'kept\nown none found\n', stderr: '', end: 0 });
    // Its own reading of the table: buckets and chains that lead to what is there.
    expect(judge('readelf', ['--use-dynamic', '--dyn-syms', '-W', file])).toMatch(/_Znwm/);
  });
});
