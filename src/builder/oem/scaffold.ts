/** A file of a new provider, by its path below the folder. */
interface ScaffoldFile {
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
    { path: 'cim/sensors.ts', text: cimText(schemaName(name)) },
    { path: 'cim/sensors.test.ts', text: cimTestText(schemaName(name)) },
    { path: 'README.md', text: readmeText(name, vendor) },
  ];
}

/** What its classes have before the "_": the name in letters and digits, and none of those that are somebody else's. */
function schemaName(name: string): string {
  const plain = name.replaceAll('-', '');
  const isTaken = plain.length < 2 || ['cim', 'prs', 'twinbank'].includes(plain);
  return `${plain.slice(0, 1).toUpperCase()}${plain.slice(1)}${isTaken ? 'Oem' : ''}`;
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

# load: [ipmi_devintf] # of these, what no device asks for
# programs: ["deb:freeipmi-tools#usr/sbin/ipmi-sensors"] # with their libraries, for CIM providers and collectors

# What the host tells of the hardware (docs/cim.md). twinbank oem test runs cim/*.test.ts.
cim:
  - provider: file:cim/sensors.ts
    classes: [${schemaName(name)}_NumericSensor] # no other module of a bank can have them
    # writes: ["/sys/class/hwmon/hwmon*/pwm1"]
    # devices: [/dev/ipmi0]

# What a host is set to until an administrator says otherwise.
# defaults:
#   syslog: { targets: ["logs.example.com:514"] }
#   ntp: { servers: [ntp.example.com] }
#   console: { title: A machine of ours, text: https://example.com/support, logo: file:logo.txt, color: cyan }

support:
  # assetTag: RX-1000
  # links: [{ title: Support, url: "https://example.com/support" }]
  scripts: ["file:support/collect.sh"] # /usr/lib/twinbank/support/${name}/collect.sh
`;
}

function cimText(schema: string): string {
  return `import { defineProvider } from 'twinbank/cim';
import { hwmonSensor, numericSensor } from 'twinbank/cim/sensor';

/** The sensors of the kernel's drivers. Classes, host and errors are described in twinbank's docs/cim.md. */
export const provider = defineProvider({
  classes: [
    {
      name: '${schema}_NumericSensor',
      superclass: 'CIM_NumericSensor',
      description: 'A sensor of a driver, CHIP/DEVICE/CHANNEL',
      properties: {},
      enumerate: (host) =>
        host.hwmon().map((reading) => numericSensor(hwmonSensor(reading, host.systemName))),
    },
  ],
});
`;
}

function cimTestText(schema: string): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testProvider } from 'twinbank/cim/testing';
import { provider } from './sensors.ts';

test('a chip of the kernel is a sensor', async () => {
  const machine = testProvider(provider);
  machine.write('/sys/class/hwmon/hwmon0/name', 'coretemp');
  machine.write('/sys/class/hwmon/hwmon0/temp1_input', '42000');
  const [sensor] = await machine.enumerate('${schema}_NumericSensor');
  assert.equal(sensor?.CurrentReading, 420);
  assert.equal(sensor?.UnitModifier, -1);
});
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
twinbank oem test .                                   # the tests of cim/
twinbank oem pack . --key KEY --out ${name}.oem       # one signed file for others
twinbank build RECIPE --oem .                         # an image with it
\`\`\`

- \`provider.yaml\` says what it is and what it needs.
- \`files/\` is laid over the system.
- \`cim/\` has what the host tells of its hardware, with tests.
- \`support/\` has the collectors of support data.
`;
}
