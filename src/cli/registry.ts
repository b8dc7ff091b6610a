import type { CommandRow } from './command.ts';

/** Every command of twinbank, in the order of the help; a file is loaded only when its command is called. */
export const commands: readonly CommandRow[] = [
  {
    usage: 'build <recipe..>',
    describe: 'Build the image of a recipe',
    page: 'oem.md#many-images-at-once',
    load: () => import('./commands/build/build.ts'),
  },
  {
    usage: 'try [recipe]',
    describe: 'Build, flash and boot a recipe under both firmwares, and show the result',
    load: () => import('./commands/try.ts'),
  },
  {
    usage: 'boot <image>',
    describe: 'Boot an image in a virtual machine and show the result',
    page: 'boot.md',
    load: () => import('./commands/boot/boot.ts'),
  },
  {
    usage: 'run <image>',
    describe:
      'Boot an image in a virtual machine and keep it up: a live host with ports and a console',
    page: 'run.md',
    load: () => import('./commands/run/run.ts'),
  },
  {
    usage: 'test [scenario..]',
    describe: 'Run scenarios: build, flash, boot, update, break; and report the results',
    page: 'harness.md',
    load: () => import('./commands/test/test.ts'),
  },
  {
    usage: 'recipe',
    describe: 'Look at a recipe without building it',
    commands: [
      {
        usage: 'show <recipe>',
        describe: 'Print the resolved recipe: one object with every value',
        load: () => import('./commands/recipe/show.ts'),
      },
      {
        usage: 'check <recipe>',
        describe: 'Check whether a recipe is valid',
        load: () => import('./commands/recipe/check.ts'),
      },
      {
        usage: 'lock <recipe>',
        describe: 'Write a lock file with the exact versions that a recipe uses now',
        load: () => import('./commands/recipe/lock.ts'),
      },
      {
        usage: 'schema',
        describe: 'Print the JSON Schema of recipes, for editors',
        load: () => import('./commands/recipe/schema.ts'),
      },
    ],
  },
  {
    usage: 'oem',
    describe: 'Make what a hardware maker adds to an image',
    commands: [
      {
        usage: 'new <dir>',
        describe: 'Create an OEM provider in a new folder',
        page: 'oem.md',
        load: () => import('./commands/oem/new.ts'),
      },
      {
        usage: 'check <provider>',
        describe: 'Check an OEM provider against the base of a recipe',
        page: 'oem.md',
        load: () => import('./commands/oem/check.ts'),
      },
      {
        usage: 'test <dir>',
        describe: 'Run the tests of an OEM provider on this machine',
        page: 'oem.md',
        load: () => import('./commands/oem/test.ts'),
      },
      {
        usage: 'pack <dir>',
        describe: 'Make one signed file of an OEM provider',
        page: 'oem.md',
        load: () => import('./commands/oem/pack.ts'),
      },
      {
        usage: 'schema',
        describe: 'Print the JSON Schema of provider.yaml, for editors',
        load: () => import('./commands/oem/schema.ts'),
      },
    ],
  },
  {
    usage: 'new <dir>',
    describe: 'Begin a repository of your own: recipe, OEM provider, scenario, CI',
    page: 'recipes.md',
    load: () => import('./commands/new/new.ts'),
  },
  {
    usage: 'inspect <image>',
    describe: 'Show what is in an image and what boots next, or what is in a bundle',
    page: 'inventory.md',
    load: () => import('./commands/inspect/inspect.ts'),
  },
  {
    usage: 'bank <image> [action] [number]',
    describe: 'List the banks and the last boots; confirm, roll back or invalidate a bank',
    page: 'boot.md',
    load: () => import('./commands/bank.ts'),
  },
  {
    usage: 'coredump <image>',
    describe: 'Show why a host panicked, and extract the dump of its memory',
    page: 'coredump.md',
    load: () => import('./commands/coredump.ts'),
  },
  {
    usage: 'verify <file>',
    describe: 'Verify an image or a bundle by its signed manifests',
    page: 'inventory.md',
    load: () => import('./commands/verify/verify.ts'),
  },
  {
    usage: 'diff <a> <b>',
    describe: 'Show how two images, bundles or recipes differ',
    page: 'diff.md',
    load: () => import('./commands/diff/diff.ts'),
  },
  {
    usage: 'bundle <source>',
    describe: 'Make a signed bundle of a recipe or an image',
    page: 'updates.md',
    load: () => import('./commands/bundle.ts'),
  },
  {
    usage: 'update <image> <bundle>',
    describe: 'Write a bundle into the bank that does not boot next',
    page: 'updates.md',
    load: () => import('./commands/update.ts'),
  },
  {
    usage: 'state',
    describe: 'Move what an administrator changed from host to host',
    commands: [
      {
        usage: 'backup <image> <file>',
        describe: 'Write the state that the next boot starts from to a file',
        page: 'state.md',
        load: () => import('./commands/state/backup.ts'),
      },
      {
        usage: 'restore <image> <file>',
        describe: 'Make the next boot start from the state in a file',
        page: 'state.md',
        load: () => import('./commands/state/restore.ts'),
      },
    ],
  },
  {
    usage: 'flash <image> <target>',
    describe: 'Write an image to a disk: verified, sparse, read back',
    page: 'flash.md',
    load: () => import('./commands/flash/flash.ts'),
  },
  {
    usage: 'keys',
    describe: 'Make and look at the keys that sign updates',
    commands: [
      {
        usage: 'new <dir>',
        describe: 'Make a private key for signing, and its public half',
        page: 'updates.md#keys',
        load: () => import('./commands/keys/new.ts'),
      },
      {
        usage: 'show <file>',
        describe: 'Print the id and the raw public half of a key',
        page: 'updates.md#keys',
        load: () => import('./commands/keys/show.ts'),
      },
    ],
  },
  {
    usage: 'report <events..>',
    describe: 'Make reports from events of earlier runs; shards are merged',
    page: 'reports.md',
    load: () => import('./commands/report.ts'),
  },
  {
    usage: 'cache',
    describe: 'Look at what builds keep for the next ones, and remove what they do not use',
    commands: [
      {
        usage: 'status',
        describe: 'Say where the cache is and how large its parts are',
        load: () => import('./commands/cache/status.ts'),
      },
      {
        usage: 'prune',
        describe:
          'Remove what builds have not used for long; they make it again where they need it',
        load: () => import('./commands/cache/prune.ts'),
      },
    ],
  },
  {
    usage: 'completion <shell>',
    describe: 'Print a script by which a shell completes commands, options and values',
    load: () => import('./commands/completion/completion.ts'),
  },
  {
    usage: 'doctor',
    describe: 'List the host tools: found, version, what needs them, how to get them',
    load: () => import('./commands/doctor.ts'),
  },
];
