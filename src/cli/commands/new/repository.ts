/** What a new repository is called, and what it is built with. */
export interface RepositoryPlan {
  /** Of the image, and of the npm package that nobody publishes. */
  readonly name: string;
  readonly vendor: string;
  /** Of the OEM provider and its folder. */
  readonly provider: string;
  /** What package.json takes for twinbank: a version, or the place of a packed one. */
  readonly twinbank: string;
}

/** A file by its path below the folder. */
export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
}

/** Where `npm install` puts what editors complete the files by. */
const schemas = 'node_modules/twinbank';

/** The files of a company's repository but for its OEM provider and its CI. All that it writes passes its own commands as it is. */
export function repositoryFiles(plan: RepositoryPlan): RepositoryFile[] {
  return [
    { path: 'package.json', text: packageText(plan) },
    { path: '.gitignore', text: ignoreText },
    { path: 'README.md', text: readmeText(plan) },
    { path: 'recipes/image.yaml', text: recipeText(plan) },
    { path: 'scenarios/first-boot.yaml', text: scenarioText(plan) },
  ];
}

function packageText({ name, twinbank }: RepositoryPlan): string {
  const about = {
    name,
    private: true,
    description: `Images of ${name}`,
    scripts: {
      check: 'twinbank recipe check recipes/image.yaml',
      build: 'twinbank build recipes/image.yaml',
      test: 'twinbank test scenarios --engine sim',
    },
    devDependencies: { twinbank },
  };
  return `${JSON.stringify(about, null, 2)}\n`;
}

const ignoreText = `# What npm installs, and what commands build and cache here.
node_modules/
out/
.cache/

# Private keys: who has one can sign updates that your hosts take. Public ones (keys/*.pub) belong to the repository.
*.key
`;

function recipeText({ name, vendor, provider }: RepositoryPlan): string {
  return `# yaml-language-server: $schema=../${schemas}/recipes/recipe.schema.json
#
# The image of ${name}: only what it has differently from what it extends.
# npx twinbank recipe show recipes/image.yaml --origin  prints the whole, with the line that set each value.
extends: twinbank:default # or twinbank:flash, twinbank:large; a list is laid down in order
name: ${JSON.stringify(name)} # results are NAME-VERSION.img
version: "0.1.0" # raise it with every release: an update takes the newer one
title: ${JSON.stringify(name)} # what the boot loader shows
description: ${JSON.stringify(`Images of ${vendor}`)}

# What a maker's hardware needs; each folder is a module of its own.
oem: ["file:../oem-providers/${provider}"]

# Keys whose updates the hosts take: npx twinbank keys new keys --name release
# trust: ["file:../keys/release.pub"]

# Lists are replaced as a whole, or changed:
# kernel:
#   options: { add: [intel_iommu=on], remove: [quiet] }
# modules:
#   drivers:
#     drivers: { add: [tg3] }

# A new version has to get an address before it stays:
# health:
#   trialChecks: { add: [network] }
`;
}

function scenarioText({ name, provider }: RepositoryPlan): string {
  return `# yaml-language-server: $schema=../${schemas}/scenarios/scenario.schema.json
#
# npx twinbank test scenarios  plays it in QEMU;  --engine sim  in a second, without a virtual machine.
description: ${JSON.stringify(`A new disk boots the image of ${name}, which is healthy and has its OEM's part.`)}
recipe: ../recipes/image.yaml

# What your hosts are like. A matrix plays several: matrix: { firmware: [bios, uefi], disk: [nvme, ahci] }
machine: { firmware: uefi, disk: nvme }

steps:
  - build
  - flash
  - boot
  - confirm
  - expect:
      bank: 5
      health: ok
      # Who signed what is in the bank.
      vmkd: { method: status, answer: { signed: [{ origin: base }, { origin: ${JSON.stringify(provider)} }] } }
      banks: { 5: VALID 0 -, 6: VALID 0 - }

# An update, and the way back. Put it into a file of its own, with this above its steps:
# builds:
#   old: { version: "1.0.0" }
#   new: { version: "1.1.0" }
# steps:
#   - build: old
#   - flash
#   - boot
#   - bundle: { build: new, from: old }
#   - update: { bundle: new, reboot: true }
#   - confirm
#   - expect: { bank: 6, version: "1.1.0", health: ok }
#   - rollback
#   - expect: { bank: 5, version: "1.0.0", health: ok }
`;
}

function readmeText({ name, vendor, provider }: RepositoryPlan): string {
  return `# ${name}: images of ${vendor}

On Debian 12 with Node 20.19 or newer. \`npx twinbank doctor\` says which programs are missing, and how to install them.

\`\`\`sh
npm install                                        # twinbank; commit package-lock.json
npx twinbank recipe check recipes/image.yaml       # is the recipe valid?
npx twinbank oem check oem-providers/${provider} --recipe recipes/image.yaml
npx twinbank build recipes/image.yaml              # out/${name}-0.1.0.img
npx twinbank test scenarios --engine sim           # in a second; without --engine in QEMU
\`\`\`

| | |
|---|---|
| \`recipes/image.yaml\` | the image: what differs from twinbank's own recipe |
| \`oem-providers/${provider}/\` | drivers, files, sensors and support data of your hardware |
| \`scenarios/\` | what has to work before a release |
| \`keys/\` | public keys. Private ones end in \`.key\`, and git ignores them |
| \`package.json\`, \`package-lock.json\` | which twinbank builds it |

**Before the first release** make a key, list it in the recipe (\`trust\`), and keep the private half where only the release can read it:

\`\`\`sh
npx twinbank keys new keys --name release
npx twinbank build recipes/image.yaml --key keys/release.key
\`\`\`

**For builds that can be repeated** write down every version, and build with just those:

\`\`\`sh
npx twinbank recipe lock recipes/image.yaml        # recipes/image.lock.yaml; commit it
npx twinbank build recipes/image.yaml --locked
\`\`\`

More: \`node_modules/twinbank/docs/recipes.md\`.
`;
}
