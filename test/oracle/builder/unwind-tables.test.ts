import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FileTree } from '../../../src/builder/components/file-tree.ts';
import { withoutUnwindTables } from '../../../src/builder/modules/unwind-tables.ts';
import { temporaryDirectory } from '../../unit/builder/components/surroundings.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

const place = 'modules.vmm.unwindTables';

// What a monitor in C does that could need tables: it ends threads, cancels them and jumps out of functions.
const source = `
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <unistd.h>
static void cleaned(void *name) { printf("cleaned up %s\\n", (char *)name); }
static void deeper(void *name) { pthread_cleanup_push(cleaned, name); pthread_exit(name); pthread_cleanup_pop(0); }
static void *exits(void *name) { deeper(name); return NULL; }
static void *waits(void *name) { pthread_cleanup_push(cleaned, name); for (;;) pause(); pthread_cleanup_pop(0); return NULL; }
static jmp_buf place;
static void jumps(int depth) { if (depth == 0) longjmp(place, 7); jumps(depth - 1); puts("back"); }
int main(void) {
  pthread_t thread;
  void *result;
  pthread_create(&thread, NULL, exits, "exit");
  pthread_join(thread, &result);
  printf("thread: %s\\n", (char *)result);
  pthread_create(&thread, NULL, waits, "cancel");
  pthread_cancel(thread);
  pthread_join(thread, &result);
  puts(result == PTHREAD_CANCELED ? "cancelled" : "ended");
  int from = setjmp(place);
  if (from == 0) jumps(5);
  printf("jumped %d\\n", from);
  return 0;
}
`;

/** A compiled file as a module has it. */
function treeOf(path: string): FileTree {
  const from = { id: 'deb:x', path: 'usr/bin/x' };
  return new Map([['usr/bin/x', { type: 'file', mode: 0o755, data: readFileSync(path), from }]]);
}

judgedBy(['gcc', 'g++', 'readelf'], () => {
  test('ends threads and jumps as before without the tables', () => {
    const folder = temporaryDirectory();
    const [text, before, after] = ['x.c', 'before', 'after'].map((name) => join(folder, name));
    writeFileSync(text!, source);
    judge('gcc', ['-O1', '-pthread', '-o', before!, text!]);
    expect(judge('readelf', ['--debug-dump=frames', before!])).toContain('FDE');
    const [[, entry] = []] = withoutUnwindTables(place, treeOf(before!));
    if (entry?.type !== 'file') throw new Error('lost');
    expect(entry.from).toMatchObject({ changed: true });
    writeFileSync(after!, entry.data, { mode: 0o755 });
    expect(judge('readelf', ['--debug-dump=frames', after!])).not.toContain('FDE');
    expect(judge('readelf', ['-l', '-W', after!])).not.toContain('GNU_EH_FRAME');
    const said = judge(before!, []);
    expect(said).toContain('thread: exit\n');
    expect(said).toContain('jumped 7\n');
    expect(judge(after!, [])).toBe(said);
  });

  test('refuses what handles exceptions, and names it', () => {
    const folder = temporaryDirectory();
    const [text, library] = ['x.cc', 'libx.so'].map((name) => join(folder, name));
    writeFileSync(
      text!,
      'int f(int x) { try { if (x) throw 1; } catch (int) { return 2; } return 0; }',
    );
    judge('g++', ['-O1', '-shared', '-fPIC', '-o', library!, text!]);
    expect(() => withoutUnwindTables(place, treeOf(library!))).toThrow(
      expect.objectContaining({
        kind: 'recipe',
        code: 'modules.unwinds',
        message: expect.stringMatching(
          /^modules\.vmm\.unwindTables: expected only programs and libraries that unwind nothing, found \/usr\/bin\/x, which uses (__gxx_personality_v0|__cxa_throw|_Unwind_Resume); leave it true$/,
        ),
      }),
    );
  });
});
