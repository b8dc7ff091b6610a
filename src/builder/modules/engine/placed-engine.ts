import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runTool } from '../../../host/run-tool.ts';
import type { Json } from '../../components/derived.ts';
import type { FileTree } from '../../components/file-tree.ts';

const program = 'usr/bin/node';
const libraries = 'usr/lib/x86_64-linux-gnu';

/** An engine that the build host can run, with its own libraries and loader and not with those of the host. */
export interface PlacedEngine {
  /** The command line without Node's arguments, for programs that start Node again. */
  readonly command: readonly string[];
  /**
   * Runs a script, which gets this file name, to its end. Its arguments are a file, whose text is returned, and `input`
   * as JSON. Throws `host.tool-failed`.
   */
  run(
    name: string,
    script: string | Uint8Array,
    input: Json,
    signal?: AbortSignal,
  ): Promise<string>;
}

/** Writes the engine's layer into a folder, in which its scripts run. */
export async function placeEngine(tree: FileTree, folder: string): Promise<PlacedEngine> {
  for (const [path, entry] of tree) {
    if (entry.type !== 'file') continue;
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, entry.data, { mode: entry.mode });
  }
  const loader = join(folder, libraries, 'ld-linux-x86-64.so.2');
  const command = [loader, '--library-path', join(folder, libraries), join(folder, program)];
  return {
    command,
    run: async (name, script, input, signal) => {
      const [file, out] = [join(folder, name), join(folder, `${name}.out`)];
      await writeFile(file, script);
      const [tool = '', ...first] = command;
      await runTool(tool, [...first, file, out, JSON.stringify(input)], {
        cwd: folder,
        // What the user has set for the Node that builds is not for this one.
        env: { NODE_OPTIONS: undefined },
        ...(signal && { signal }),
      });
      return readFile(out, 'utf8');
    },
  };
}
