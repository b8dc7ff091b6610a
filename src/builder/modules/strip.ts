import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../host/run-tool.ts';
import { isElf } from '../components/elf.ts';
import { type FileTree, withData } from '../components/file-tree.ts';

/** The tree with the symbols and debug information that nothing needs at run time taken out of its ELF files. */
export async function stripPrograms(tree: FileTree, scratch: string): Promise<FileTree> {
  const folder = join(scratch, 'strip');
  await mkdir(folder, { recursive: true });
  const stripped: FileTree = new Map();
  let count = 0;
  for (const [path, entry] of tree) {
    if (entry.type !== 'file' || !isElf(entry.data)) {
      stripped.set(path, entry);
      continue;
    }
    const file = join(folder, String(count++));
    await writeFile(file, entry.data);
    await runTool('strip', [
      '--strip-unneeded',
      '-R',
      '.comment',
      '-R',
      '.gnu.build.attributes',
      file,
    ]);
    stripped.set(path, withData(entry, await readFile(file)));
  }
  return stripped;
}
