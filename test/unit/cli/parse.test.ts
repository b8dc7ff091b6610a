import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CommandRow, defineCommand } from '../../../src/cli/command.ts';
import { runHere } from './host.ts';

const build = defineCommand({
  examples: [
    ['build a.yaml', 'One image'],
    ['LANG=C $0 build b.yaml', 'With a variable'],
  ],
  builder: (yargs) =>
    yargs
      .positional('recipe', { type: 'string', array: true, demandOption: true })
      .option('set', { type: 'string', array: true, requiresArg: true })
      .option('out', { type: 'string', requiresArg: true })
      .option('dry-run', { type: 'boolean' }),
  run: async (_context, { recipe, set, out, dryRun }) => ({
    json: { recipe, set, out, dryRun },
    text: '',
  }),
});

const rows: CommandRow[] = [
  { usage: 'build <recipe..>', describe: 'Build images', load: async () => ({ command: build }) },
  {
    usage: 'keys',
    describe: 'Keep keys',
    commands: [
      { usage: 'new <dir>', describe: 'Make keys', load: async () => ({ command: build }) },
    ],
  },
];

async function usage(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(argv, { rows });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  return stderr;
}

describe('a command line that is right', () => {
  it('gives the command its options, typed as declared', async () => {
    const { stdout } = await runHere(
      ['build', '--set', 'a=1', '01', '--set', 'b=2', '02', '--out', '3', '--dry-run', '--json'],
      { rows },
    );
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      recipe: ['01', '02'],
      set: ['a=1', 'b=2'],
      out: '3',
      dryRun: true,
    });
  });

  it('may ask for help, which goes to standard output', async () => {
    const { code, stdout } = await runHere(['build', '--help'], { rows });
    expect(code).toBe(0);
    expect(stdout).toContain('twinbank build <recipe..>');
    expect(stdout).toMatch(/^ {2}twinbank build a\.yaml +One image$/m);
    expect(stdout).toMatch(/^ {2}LANG=C twinbank build b\.yaml +With a variable$/m);
  });
});

describe('a command line with dashes alone', () => {
  const rest = defineCommand({
    builder: (yargs) =>
      yargs
        .positional('recipe', { type: 'string', array: true, demandOption: true })
        .option('set', { type: 'string', array: true, default: [] as string[], requiresArg: true })
        .option('out', { type: 'string', requiresArg: true })
        .option('dry-run', { type: 'boolean' }),
    dash: { recipe: 'text', set: 'text', out: 'text' },
    run: async (_context, options) => ({ json: { ...options }, text: '' }),
  });
  const restRows = [
    { usage: 'build <recipe..>', describe: 'Build', load: async () => ({ command: rest }) },
  ];
  async function parsed(...argv: string[]) {
    const { stdout } = await runHere(['--json', 'build', ...argv], { rows: restRows });
    const { recipe, set, out, dryRun, ...others } = JSON.parse(stdout);
    expect(Object.keys(others).sort()).toEqual(
      ['$0', '_', 'dry-run', 'json', 'schemaVersion'].filter((name) => name in others).sort(),
    );
    return { recipe, set, out, dryRun };
  }

  it('keeps a - in a list, of positionals and of an option that repeats', async () => {
    const found = await parsed('a', '-', '--set', '-', '--set', 'b', '--out', '-', '-');
    expect(found).toEqual({ recipe: ['a', '-', '-'], set: ['-', 'b'], out: '-' });
  });

  it('takes everything after -- for a word, whatever it looks like', async () => {
    const found = await parsed('--dry-run', '--', '-', '--out', 'true', '--', '-5', '--set=x', '');
    expect(found).toEqual({
      recipe: ['-', '--out', 'true', '--', '-5', '--set=x', ''],
      set: [],
      dryRun: true,
    });
  });

  it('takes any words after -- as they were written', async () => {
    const word = fc.string({ maxLength: 8 }).filter((text) => !text.includes('\0'));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 4 }), async (words) => {
        expect((await parsed('--', ...words)).recipe).toEqual(words);
      }),
      { numRuns: 20 },
    );
  });

  it('does not give an option a value from behind --', async () => {
    expect(await usage('build', '--out', '--', 'x')).toContain(
      '--out: expected a value, found none',
    );
  });

  it('may have -- before the command', async () => {
    const { code } = await runHere(['--json', '--', 'build', 'a'], { rows: restRows });
    expect(code).toBe(0);
  });

  it('counts no word behind -- as an option that comes twice', async () => {
    expect(await parsed('--out', 'x', '--', '--out', '--out')).toMatchObject({
      recipe: ['--out', '--out'],
      out: 'x',
    });
  });

  it('names in its messages what was written', async () => {
    expect(await usage('-')).toMatch(/^twinbank: -: no such command/);
    expect(await usage('keys', 'new', 'a', '-')).toContain('-: expected no more than');
    expect(await usage('keys', 'new', '--', 'a', '--b')).toContain('--b: expected no more than');
  });
});

describe('a command line that is wrong', () => {
  it('gets a suggestion for a mistyped command', async () => {
    expect(await usage('biuld', 'a')).toBe(
      'twinbank: biuld: no such command; did you mean build? (see twinbank --help)\n',
    );
    expect(await usage('keys', 'nwe')).toBe(
      'twinbank: nwe: no such command; did you mean new? (see twinbank keys --help)\n',
    );
  });

  it('gets a suggestion for a mistyped option', async () => {
    expect(await usage('build', 'a', '--otu=x')).toBe(
      'twinbank: --otu=x: no such option; did you mean --out? (see twinbank build --help)\n',
    );
  });

  it('is told about a command that comes near none', async () => {
    expect(await usage('zzzzzzzz')).toBe(
      'twinbank: zzzzzzzz: no such command (see twinbank --help)\n',
    );
  });

  it('is told what is missing', async () => {
    expect(await usage('build')).toBe(
      'twinbank: expected twinbank build <recipe..> (see twinbank build --help)\n',
    );
    expect(await usage('keys')).toBe('twinbank: expected one of: new (see twinbank keys --help)\n');
    expect(await usage('build', 'a', '--out')).toContain('--out: expected a value, found none');
  });

  it('is told what is too much', async () => {
    expect(await usage('keys', 'new', 'a', 'b')).toContain(
      'b: expected no more than twinbank keys new <dir>',
    );
  });

  it.each([
    [
      ['completion', 'zhs'],
      'shell: expected one of bash, zsh, fish, found "zhs"; did you mean zsh?',
    ],
    [['boot', 'x.img', '--engine', 'kvm'], '--engine: expected one of sim, qemu, found "kvm"'],
    [
      ['boot', 'x.img', '--disk', 'floppy', '--firmware', 'efi'],
      '--disk: expected one of virtio, ahci, nvme, usb, pvscsi, found "floppy"; --firmware: expected one of bios, uefi, found "efi"; did you mean uefi?',
    ],
  ])('is told which words there are: %j', async (argv, sentence) => {
    const { code, stderr } = await runHere(argv);
    expect(code).toBe(2);
    const [command] = argv;
    expect(stderr).toBe(`twinbank: ${sentence} (see twinbank ${command} --help)\n`);
  });

  it('may not give twice what can have one value', async () => {
    expect(await usage('build', 'a', '--out', 'x', '--out', 'y')).toContain(
      '--out: expected it once, found it 2 times',
    );
  });

  it('gets the help on standard error when it is empty', async () => {
    expect(await usage()).toContain('Commands:');
  });

  it('has its error as a document with --json', async () => {
    const { code, stdout } = await runHere(['biuld', '--json'], { rows });
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error.code).toBe('cli.usage');
  });
});

describe('a command whose file fails to load', () => {
  it('is a defect, not a mistake of the person', async () => {
    const broken: CommandRow = {
      usage: 'broken',
      describe: 'Does not load',
      load: async () => {
        throw new Error('cannot load');
      },
    };
    const { code, stderr } = await runHere(['broken'], { rows: [broken] });
    expect(code).toBe(1);
    expect(stderr).toContain('defect in twinbank');
  });
});
