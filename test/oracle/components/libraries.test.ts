import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { FileTree } from '../../../src/builder/components/file-tree.ts';
import { mergeTrees } from '../../../src/builder/components/file-tree.ts';
import { readLibraries } from '../../../src/builder/components/libraries.ts';
import { planLibraries } from '../../../src/builder/components/library-plan.ts';
import { formatLock, parseLock } from '../../../src/builder/components/lock.ts';
import { readComponent, resolveComponents } from '../../../src/builder/components/sources.ts';
import { emptyContext, temporaryDirectory } from '../../unit/builder/components/surroundings.ts';
import { judge, judgedBy } from './foreign-tool.ts';

function writeTree(tree: FileTree): string {
  const root = temporaryDirectory();
  for (const [path, entry] of tree) {
    const name = join(root, path);
    mkdirSync(dirname(name), { recursive: true });
    if (entry.type === 'file') writeFileSync(name, entry.data, { mode: entry.mode });
    if (entry.type === 'symlink') symlinkSync(entry.target, name);
  }
  return root;
}

judgedBy(['apt-get'], () => {
  test('a program runs with nothing but its loader and the libraries found for it', async () => {
    const { context, events } = emptyContext();
    const [jq] = await resolveComponents([{ scheme: 'deb', name: 'jq' }], context);
    const roots = [{ component: jq!, paths: ['usr/bin/jq'] }];
    const plan = await planLibraries(roots, new Set(), context);
    const program = await readComponent(jq!, (path) => path === 'usr/bin/jq', context);
    const root = writeTree(mergeTrees(program, await readLibraries(plan, context)));

    // The loader itself is the judge: it lists what it would load, and from where.
    const directory = join(root, 'usr/lib/x86_64-linux-gnu');
    const loader = join(directory, 'ld-linux-x86-64.so.2');
    expect(realpathSync(join(root, 'usr/lib64/ld-linux-x86-64.so.2'))).toBe(loader);
    const list = judge(loader, ['--library-path', directory, '--list', join(root, 'usr/bin/jq')]);
    const loaded = [...list.matchAll(/=> (\S+)/g)].map((match) => match[1]!);
    expect(loaded.filter((path) => !path.startsWith(root))).toEqual([]);
    expect(new Set(loaded.map((path) => path.slice(root.length + 1)))).toEqual(
      new Set(plan.libraries.map(({ path }) => path)),
    );
    const args = ['--library-path', directory, join(root, 'usr/bin/jq'), '-n', '[1,2]|add'];
    expect(judge(loader, args).trim()).toBe('3');

    // Only what is needed was fetched: jq itself and three or four libraries of a closure of dozens.
    const fetched = new Set(events.flatMap((event) => (event.type === 'done' ? event.task : [])));
    expect(fetched).toEqual(new Set(['deb:jq', ...plan.packages.map(({ id }) => id)]));

    const engine = new Set(['libc.so.6', 'libm.so.6', 'ld-linux-x86-64.so.2']);
    const rest = await planLibraries(roots, engine, context);
    expect(rest.packages.map(({ id }) => id)).not.toContain('deb:libc6');
    expect([...(await readLibraries(rest, context)).keys()]).not.toContain(
      'usr/lib64/ld-linux-x86-64.so.2',
    );

    // With a lock: the same libraries, and no apt at all.
    const lock = parseLock(formatLock([jq!, ...plan.packages]), 'x.lock.yaml');
    const apt = { ...context.apt, options: ['Dir::State::Lists=/nonexistent'] };
    const locked = { ...context, lock, apt };
    const [lockedJq] = await resolveComponents([{ scheme: 'deb', name: 'jq' }], locked);
    expect(
      await planLibraries([{ ...roots[0]!, component: lockedJq! }], new Set(), locked),
    ).toEqual(plan);
  });

  test('asked a second time, the same plan comes without apt', async () => {
    const { context } = emptyContext();
    const [jq] = await resolveComponents([{ scheme: 'deb', name: 'jq' }], context);
    const roots = [{ component: jq!, paths: ['usr/bin/jq'] }];
    const plan = await planLibraries(roots, new Set(), context);
    const path = process.env.PATH;
    try {
      process.env.PATH = '/nonexistent';
      expect(spawnSync('apt-cache').error).toBeDefined();
      const refs = [{ scheme: 'deb', name: 'jq' }] as const;
      expect(await resolveComponents(refs, context)).toEqual([jq]);
      expect(await planLibraries(roots, new Set(), context)).toEqual(plan);
    } finally {
      process.env.PATH = path;
    }
  });

  test('a library is found where the run path of the one that needs it leads', async () => {
    const { context } = emptyContext();
    const [pulse] = await resolveComponents([{ scheme: 'deb', name: 'libpulse0' }], context);
    const link = 'usr/lib/x86_64-linux-gnu/libpulse.so.0';
    const links = await readComponent(pulse!, (path) => path === link, context);
    const target = links.get(link);
    const name = target?.type === 'symlink' ? target.target : '';
    const roots = [{ component: pulse!, paths: [`usr/lib/x86_64-linux-gnu/${name}`] }];
    // All that other packages would bring, so that the test fetches this one only.
    const others = ['libc.so.6', 'libm.so.6', 'libdbus-1.so.3', 'libxcb.so.1', 'libsystemd.so.0'];
    others.push('libsndfile.so.1', 'libasyncns.so.0', 'libapparmor.so.1', 'libX11.so.6');
    others.push('libX11-xcb.so.1', 'ld-linux-x86-64.so.2');
    const plan = await planLibraries(roots, new Set(others), context);
    expect(plan.libraries.map(({ path }) => path)).toEqual([
      expect.stringMatching(/^usr\/lib\/x86_64-linux-gnu\/pulseaudio\/libpulsecommon-/),
    ]);
  });

  test('a library that nothing brings is an error that names it and who needs it', async () => {
    const { context } = emptyContext();
    const root = temporaryDirectory();
    // A program like any other that needs a library of a name no package has.
    const program = readFileSync('/bin/true', 'latin1').replaceAll('libc.so.6', 'libq.so.9');
    writeFileSync(join(root, 'y'), program, 'latin1');
    const [file] = await resolveComponents([{ scheme: 'file', path: join(root, 'y') }], context);
    const plan = planLibraries([{ component: file!, paths: ['y'] }], new Set(), context);
    await expect(plan).rejects.toThrow(/^y of file:.*libq\.so\.9/);
    await expect(plan).rejects.toMatchObject({ code: 'components.no-library' });
  });
});
