/** A file of a new provider, by its path below the folder. */
export interface ScaffoldFile {
  readonly path: string;
  readonly text: string;
  readonly executable?: boolean;
}

/** The files of a new provider: it can be built, and passes its own check, as it is. `schema` is a path or URL. */
export function scaffold(name: string, vendor: string, schema: string | undefined): ScaffoldFile[] {
  const head = schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n#\n`;
  return [
    { path: 'provider.yaml', text: head + providerText(name, vendor) },
    {
      path: `files/usr/share/${name}/about.txt`,
      text: `What lies in files/ is laid over the system: this is /usr/share/${name}/about.txt on the host.\n`,
    },
    { path: 'support/collect.sh', text: collectorText(name), executable: true },
    { path: 'README.md', text: readmeText(name, vendor) },
  ];
}

function providerText(name: string, vendor: string): string {
  return `# One OEM: what a hardware maker adds to an image. Every key that is not needed is commented out.

name: ${/^(true|false|null)$/.test(name) ? `"${name}"` : name} # its layer is ${name}.v00
vendor: ${JSON.stringify(vendor)}
version: "0.1" # raise it with every change: an update takes the newer one
description: What ${name} brings

products: [twinbank] # as the recipe says
# builds: [">= 0.1", "< 2"] # versions of the product; all must hold
# keyId: 0123456789abcdef # the only key that may pack it: twinbank keys show

# provides: ["${name}-cim = 1.0"] # names that other OEMs can require
# requires: ["other-oem >= 2"]
# conflicts: [other-oem]
# replaces: [${name === 'old' ? 'older' : 'old'}] # modules whose files it may hide

# drivers: [tg3, coretemp] # of the bank's own kernel; what they need comes along
# driverFiles: ["file:drivers/${name}.ko"] # built for just that kernel
# firmware: ["deb:firmware-linux-free#lib/firmware/isci/isci_firmware.bin"] # your own: files/usr/lib/firmware
# withoutFirmware: [tg3] # drivers that do without what they ask for

# What a host is set to until an administrator says otherwise.
# defaults:
#   syslog: { targets: ["logs.example.com:514"] }
#   ntp: { servers: [ntp.example.com] }
#   console: { title: A machine of ours, text: https://example.com/support }

support:
  # assetTag: RX-1000
  # links: [{ title: Support, url: "https://example.com/support" }]
  scripts: ["file:support/collect.sh"] # /usr/lib/twinbank/support/${name}/collect.sh
`;
}

function collectorText(name: string): string {
  return `#!/bin/sh
# Prints what the support of ${name} wants to know. The host has busybox.
set -u
echo "== system"
uname -a
echo "== devices"
cat /proc/bus/pci/devices
`;
}

function readmeText(name: string, vendor: string): string {
  return `# ${name}: OEM provider of ${vendor}

\`\`\`sh
twinbank oem check .                                  # all problems at once
twinbank oem pack . --key KEY --out ${name}.oem       # one signed file for others
twinbank build RECIPE --oem .                         # an image with it
\`\`\`

- \`provider.yaml\` says what it is and what it needs.
- \`files/\` is laid over the system.
- \`support/\` has the collectors of support data.
`;
}
