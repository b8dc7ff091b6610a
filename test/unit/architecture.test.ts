import { describe, expect, it } from 'vitest';
import { agents } from '../../src/runtime/agents/registry.ts';
import {
  importsOf,
  matches,
  offenders,
  sources,
  targetFile,
  withoutComments,
} from './architecture/sources.ts';
import { agentNames, agentRows, folders, inside, type Walls } from './architecture/walls.ts';

const folderOf = (file: string): string => file.split('/')[0] ?? '';

describe('the reading of imports', () => {
  it('sees every form, and neither comments nor strings', () => {
    const text = `
import a from '../a/a.ts';
import { b,
  type B } from "../b/b.ts";
import type { C } from '../c/c.ts';
import './d.ts';
export { e } from '../e/e.ts';
export * from '../f/f.ts';
const g = await import('../g/g.ts');
// import { no } from '../no/comment.ts';
/* export * from '../no/block.ts' */
const url = 'http://example.org'; import { h } from '../h/h.ts';
const text = 'the from \\'x\\' part';`;
    expect(importsOf(text)).toEqual([
      { specifier: '../a/a.ts', typeOnly: false },
      { specifier: '../b/b.ts', typeOnly: false },
      { specifier: '../c/c.ts', typeOnly: true },
      { specifier: './d.ts', typeOnly: false },
      { specifier: '../e/e.ts', typeOnly: false },
      { specifier: '../f/f.ts', typeOnly: false },
      { specifier: '../h/h.ts', typeOnly: false },
      { specifier: '../g/g.ts', typeOnly: false },
    ]);
  });

  it('finds the sources', () => {
    expect(sources.map(({ file }) => file)).toContain('cli/main.ts');
    expect(
      importsOf(sources.find(({ file }) => file === 'cli/run.ts')!.text).length,
    ).toBeGreaterThan(5);
  });
});

/** The row that a file belongs to: the longest that is above it; `.` for a file beside the subfolders. */
function subfolder(walls: Walls, folder: string, file: string): string | undefined {
  const path = file.slice(folder.length + 1);
  if (!path.includes('/')) return '.';
  const rows = Object.keys(walls).filter((row) => path.startsWith(`${row}/`));
  return rows.sort((one, other) => other.length - one.length)[0];
}

describe('a disk', () => {
  it('is locked by nobody but the claim, which looks at all its other users, too', () => {
    const lockers = sources
      .filter(({ file, text }) =>
        importsOf(text).some(
          ({ specifier }) => targetFile(file, specifier) === 'host/file-lock.ts',
        ),
      )
      .map(({ file }) => file);
    expect(lockers).toEqual(['host/disk-claim.ts']);
  });

  it('is opened for writing by openImage alone, which takes away what becomes untrue beside it', () => {
    const writers = sources
      .filter(({ file }) => !file.startsWith('runtime/'))
      .filter(({ text }) => /(?<!function )openFileDevice\([^;]*\bwritable\b/.test(text))
      .map(({ file }) => file);
    // A device has nothing beside it.
    expect(writers).toEqual(['disk/open-image.ts', 'flash/target-device.ts']);
  });
});

describe('every file under src/', () => {
  it('lies in a folder of the house', () => {
    expect(offenders((file) => (folderOf(file) in folders ? [] : ['unknown folder']))).toEqual([]);
  });

  it('imports only from folders that its own folder may import', () => {
    const broken = offenders((file, code) => {
      const folder = folderOf(file);
      const mayImport = [folder, 'diagnostics', ...(folders[folder] ?? [])];
      return importsOf(code)
        .map(({ specifier }) => targetFile(file, specifier))
        .filter((target) => target !== undefined && !mayImport.includes(folderOf(target)))
        .filter((target) => !(folder === 'builder' && agentRows.includes(target ?? '')));
    });
    expect(broken).toEqual([]);
  });

  it.each(Object.entries(inside))(
    'lies in a subfolder of %s, and imports only from subfolders that its own may import',
    (folder, walls) => {
      const broken = offenders((file, code) => {
        if (folderOf(file) !== folder) return [];
        const own = subfolder(walls, folder, file);
        if (own === undefined) return ['unknown subfolder'];
        if (own === '.') return [];
        return importsOf(code).flatMap(({ specifier }) => {
          const target = targetFile(file, specifier);
          if (target === undefined || folderOf(target) !== folder) return [];
          const other = subfolder(walls, folder, target) ?? '';
          return other === own || walls[own]?.includes(other) ? [] : [target];
        });
      });
      expect(broken).toEqual([]);
    },
  );

  it('imports no folder of another command', () => {
    const commandFolder = (file: string) => /^cli\/commands\/([^/]+)\//.exec(file)?.[1];
    const broken = offenders((file, code) => {
      const own = commandFolder(file);
      return importsOf(code)
        .map(({ specifier }) => targetFile(file, specifier) ?? '')
        .filter((target) => ![undefined, own].includes(commandFolder(target)))
        .filter(() => own !== undefined);
    });
    expect(broken).toEqual([]);
  });

  it('names the files it imports as they are, ending in .ts', () => {
    const broken = offenders((_file, code) =>
      importsOf(code)
        .map(({ specifier }) => specifier)
        .filter((specifier) => specifier.startsWith('.') && !/\.(ts|json)$/.test(specifier)),
    );
    expect(broken).toEqual([]);
  });

  it('has no default export and is no barrel that hides where things live', () => {
    const pattern = /\bexport\s+default\b|\bas\s+default\b|\bexport\s+(?:type\s+)?\*\s+from\b/g;
    expect(offenders((_file, code) => matches(code, pattern))).toEqual([]);
  });

  it('has at most 250 lines', () => {
    const broken = sources
      .map(({ file, text }) => ({ file, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 250);
    expect(broken).toEqual([]);
  });

  it('neither prints nor ends the process, outside src/cli', () => {
    // By method: "./console.ts" is the name of a file.
    const pattern =
      /\bconsole\s*\.\s*(?:log|info|warn|error|debug|table|dir|trace)\b|\bprocess\s*\.\s*(?:stdout|stderr|exit|exitCode|abort)\b/g;
    // The system's own daemons have a console and an end of their own.
    const silent = (file: string): boolean => !['cli', 'runtime'].includes(folderOf(file));
    expect(offenders((file, code) => (silent(file) ? matches(code, pattern) : []))).toEqual([]);
  });
});

describe('a line of a console', () => {
  const words = /twinbank: |set bootstate|stage=|Kernel panic|reboot: /;

  it('is read by parseConsoleLine alone, and by no expression of somebody else', () => {
    // A regular expression stands where a value does; one line holds it.
    const literal = /(?<=[=>(,:!&|?[{;]\s*|return\s+)\/(?![/*])(?:\\.|[^/\\\n])+\//g;
    const made = /new RegExp\([^)]*\)/g;
    const broken = offenders((file, code) => {
      if (folderOf(file) === 'protocol') return [];
      return [...matches(code, literal), ...matches(code, made)].filter((one) => words.test(one));
    });
    expect(broken).toEqual([]);
  });

  it('is written by consoleLine alone', () => {
    // What the command line says of itself begins alike.
    const allowed = (file: string) => folderOf(file) === 'protocol' || file === 'cli/main.ts';
    const broken = offenders((file, code) =>
      allowed(file) ? [] : matches(code, /['"`](?:twinbank: |Kernel panic)/g),
    );
    expect(broken).toEqual([]);
  });
});

describe('an agent', () => {
  const home = 'runtime/agents/';
  const agentOf = (file: string): string | undefined =>
    file.startsWith(home) && file.slice(home.length).includes('/')
      ? file.slice(home.length).split('/')[0]
      : undefined;

  it('has a row in the registry, and a folder of the same name', () => {
    const found = new Set(sources.flatMap(({ file }) => agentOf(file) ?? []));
    expect([...found].sort()).toEqual(agents.map(({ name }) => name).sort());
  });

  it('imports no other agent, and of the vmkernel nothing', () => {
    const broken = offenders((file, code) => {
      const agent = agentOf(file);
      if (agent === undefined) return [];
      return importsOf(code).flatMap(({ specifier }) => {
        const target = targetFile(file, specifier);
        if (target === undefined || !target.startsWith(home)) return [];
        return agentOf(target) === agent || target === `${home}agent.ts` ? [] : [target];
      });
    });
    expect(broken).toEqual([]);
  });

  it('has a row that is data: whoever imports the registry loads nothing of Node and no package', () => {
    const seen = new Set<string>();
    const broken: string[] = [];
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = sources.find((one) => one.file === file)?.text ?? '';
      for (const { specifier, typeOnly } of importsOf(text)) {
        if (typeOnly) continue;
        const target = targetFile(file, specifier);
        if (target && /^(runtime\/agents|protocol|diagnostics)\//.test(target)) visit(target);
        else broken.push(`src/${file}: ${specifier}`);
      }
    };
    visit(`${home}registry.ts`);
    expect(seen.size).toBeGreaterThan(agents.length);
    expect(broken).toEqual([]);
  });

  it('is named in its folder and its line of the registry, and nowhere else', () => {
    const isListed = (file: string): boolean =>
      Object.keys(agentNames).some((place) =>
        place.endsWith('/') ? file.startsWith(place) : file === place,
      );
    const broken = offenders((file, code) => {
      if (isListed(file)) return [];
      return agents
        .filter(({ name }) => agentOf(file) !== name)
        .flatMap(({ name }) => matches(code, new RegExp(`\\b${name}\\b`, 'g')));
    });
    expect(broken).toEqual([]);
  });
});

describe('the start of the command line', () => {
  it('loads a command, the parser and the rest only when they are needed', () => {
    const eager = ['cli/main.ts', 'cli/registry.ts'].flatMap((name) => {
      const code = withoutComments(sources.find(({ file }) => file === name)!.text);
      return [...code.matchAll(/^import (?!type\b)[^;]*?from '(\.[^']+)'/gm)].map(
        ([, specifier]) => `${name}: ${specifier}`,
      );
    });
    expect(eager).toEqual(['cli/main.ts: ../../package.json']);
  });
});
