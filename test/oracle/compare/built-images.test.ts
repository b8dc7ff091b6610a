import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { builtProgram } from '../builder/built-image.ts';
import { writeSmallRecipe } from '../builder/small-recipe.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

interface Found {
  readonly equal: boolean;
  readonly modules: readonly { name: string; change: string }[];
  readonly files: readonly { module: string; path: string; change: string; fields: string[] }[];
}

judgedBy(['sfdisk', 'mcopy', 'cpio', 'unsquashfs', 'zstd', 'diff'], () => {
  const program = builtProgram();
  const images: string[] = [];
  let found: Found;

  beforeAll(() => {
    const recipe = writeSmallRecipe(join(program.folder, 'recipe'));
    const changes = [
      [],
      [
        ...['--set', 'version=0.2.0', '--set', 'modules.agents.agents=[vmkd]'],
        ...['--set', 'modules.drivers.drivers=[virtio_pci,virtio_blk,nvme,e1000]'],
        ...['--set', 'boot.drivers=[loop,squashfs,overlay,i6300esb]'],
      ],
    ];
    for (const [index, set] of changes.entries()) {
      const out = join(program.folder, `image-${index}`);
      const ended = program.run(['build', recipe, ...set, '--out', out]);
      if (ended.status !== 0) throw new Error(ended.stderr);
      images.push(join(out, `small-0.${index + 1}.0.img`));
    }
    const ended = program.start(['diff', ...images, '--json']);
    expect(ended.status).toBe(9);
    found = JSON.parse(ended.stdout);
  }, 900_000);

  /** Where the files of a module of an image are, unpacked by others. */
  function unpacked(index: number, module: string): string {
    const image = images[index]!;
    const rows = JSON.parse(judge('sfdisk', ['-J', image])).partitiontable.partitions;
    const bank = rows.find(({ node }: { node: string }) => node === `${image}5`);
    const folder = join(program.folder, `${module}-${index}`);
    mkdirSync(folder);
    const file = join(folder, `${module}.v00`);
    judge('mcopy', ['-n', '-i', `${image}@@${bank.start * 512}`, `::${module}.v00`, file]);
    const tree = join(folder, 'tree');
    if (module !== 'boot') {
      judge('sh', ['-c', 'cd "$1" && cpio -i -d --quiet < "$2"', 'sh', folder, file]);
      judge('unsquashfs', ['-q', '-n', '-d', tree, join(folder, 'modules', `${module}.sqfs`)]);
      return tree;
    }
    mkdirSync(tree);
    // zstd complains about the zeros behind its frame, when it has written all of it.
    const script = 'cd "$1" && zstd -dcq < "$2" 2>/dev/null | cpio -i -d --quiet';
    judge('sh', ['-c', script, 'sh', tree, file]);
    return tree;
  }

  /** What `diff -rq` says of two trees, in our words; a folder that came or went stands for what is in it. */
  function differences(a: string, b: string): string[] {
    const script = 'diff -rq --no-dereference "$1" "$2" || test $? = 1';
    const lines = judge('sh', ['-c', script, 'sh', a, b]).trim().split('\n');
    return lines.map((line) => {
      const only = /^Only in (\S+?):? (\S+)$/.exec(line.replace(': ', ' '));
      if (!only) {
        // A program of one image can be a link in the other, as `logread` without the log's agent.
        const changed =
          /^Files (\S+) and \S+ differ$/.exec(line) ??
          /^File (\S+) is a .+ while file \S+ is a .+$/.exec(line);
        if (!changed) throw new Error(`not understood: ${line}`);
        return `changed ${changed[1]!.slice(a.length + 1)}`;
      }
      const [root, change] = only[1]!.startsWith(a) ? [a, 'removed'] : [b, 'added'];
      return `${change} ${`${only[1]!.slice(root.length)}/${only[2]}`.slice(1)}`;
    });
  }

  describe.each(['agents', 'drivers', 'boot'])('the files of the module %s', (module) => {
    test('are told as diff -rq tells them', () => {
      const judged = differences(unpacked(0, module), unpacked(1, module));
      const ours = found.files.filter((one) => one.module === module);
      const told = ours
        .filter(({ change, path }) => {
          // diff names a folder that only one side has, and nothing in it.
          const folder = path.slice(0, path.lastIndexOf('/'));
          return !ours.some((one) => one.change === change && one.path === folder);
        })
        .map(({ change, path }) => `${change} ${path}`);
      expect(told.length).toBeGreaterThan(0);
      expect(told.sort()).toEqual(judged.sort());
    });
  });

  test('modules are told that have other bytes, and no others', () => {
    const changed = found.modules.map(({ name, change }) => `${change} ${name}`);
    expect(changed).toEqual(['changed agents', 'changed boot', 'changed drivers']);
  });

  test('an image is the same as itself, and as its qcow2 form', () => {
    const [image = ''] = images;
    const qcow2 = join(program.folder, 'same.qcow2');
    judge('qemu-img', ['convert', '-O', 'qcow2', image, qcow2]);
    expect(program.run(['diff', image, image, '--ids', '--marks']).status).toBe(0);
    const { status, stdout } = program.run(['diff', image, qcow2, '--ids', '--marks']);
    expect([status, stdout.trim().split('\n').at(-1)]).toEqual([0, 'the same']);
  });
});
