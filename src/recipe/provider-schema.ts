import * as z from 'zod';
import {
  choice,
  driverName,
  fileRef,
  line,
  list,
  map,
  memberRef,
  paragraph,
  text,
} from './field.ts';
import { cimSchema, programsSchema } from './provider-cim-schema.ts';
import { isSpdxExpression } from './spdx-expression.ts';

const version = '[0-9][A-Za-z0-9.+~:_-]{0,63}';
const name = '[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}';
const operator = '(=|!=|<=?|>=?)';

const relations = (what: string, example: string) =>
  list(
    text(
      `NAME or NAME OP VERSION such as ${example}`,
      new RegExp(`^${name}( *${operator} *${version})?$`),
    ),
    `a list such as ["${example}"]`,
  )
    .prefault([])
    .describe(what);

/** A line of text for people. */
const shown = (expected: string, most: number) =>
  line(`${expected} of at most ${most} characters`, most);

const servers = (expected: string, pattern: RegExp) =>
  list(text(expected, pattern), `a list such as [${expected.split(' such as ')[1]}]`).refine(
    (all) => all.length <= 8,
    { error: 'at most 8' },
  );

/** What a new host is set to, until its administrator says otherwise. */
const defaultsSchema = map({
  syslog: map({
    targets: servers('a target such as logs.example.com', /^[!-~]{1,260}$/).describe(
      'Where log messages are sent beside the host: [udp://, tcp://, tls://]HOST[:PORT], IPv6 in brackets',
    ),
  })
    .exactOptional()
    .describe('Log targets'),
  ntp: map({
    servers: servers('a host such as ntp.example.com', /^[!-~]{1,253}$/).describe(
      'Names or addresses of time servers',
    ),
  })
    .exactOptional()
    .describe('Time servers'),
  console: map({
    title: shown('a title', 64).describe('What the console calls the machine'),
    text: shown('a text', 200).exactOptional().describe('One more line on the console'),
    logo: fileRef('a file such as file:logo.txt')
      .exactOptional()
      .describe('Up to 16 lines of up to 76 printable ASCII characters, shown above the title'),
    color: choice(['red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'])
      .exactOptional()
      .describe('Of the logo'),
  })
    .exactOptional()
    .describe('What the console shows'),
});

const supportSchema = map({
  assetTag: shown('an asset tag', 64).exactOptional().describe('What the machine is known by'),
  links: list(
    map({
      title: shown('a title', 64).describe('What it leads to'),
      url: text(
        'a web address such as https://example.com/support',
        /^https?:\/\/[!-~]{1,500}$/,
      ).describe('http or https'),
    }),
    'a list of links, each with title and url',
  )
    .prefault([])
    .describe('Where an administrator gets help'),
  scripts: list(
    fileRef('a file such as file:support/collect.sh'),
    'a list of files such as [file:support/collect.sh]',
  )
    .prefault([])
    .describe('Collectors of support data: usr/lib/twinbank/support/NAME/FILE on the host'),
});

const expectedFirmware =
  "a file of a package below lib/firmware such as deb:NAME#lib/firmware/FILE (the OEM's own files go into files/usr/lib/firmware)";

/** What drivers call a file of a package: `isci/isci_firmware.bin` of `lib/firmware/isci/isci_firmware.bin`. */
export function firmwarePath(member: string): string | undefined {
  return /^(?:usr\/)?lib\/firmware\/(.+)$/.exec(member)?.[1];
}

/** provider.yaml: one OEM. What lies in `files/` beside it becomes its layer. */
export const providerSchema = map({
  name: text('a name of up to 8 letters, digits and dashes such as acme', /^[a-z][a-z0-9-]{0,7}$/)
    .refine((value) => !['base', 'boot', 'bundle', 'vmkernel'].includes(value), {
      error: 'a name other than base, boot, bundle and vmkernel',
    })
    .describe('The origin in manifests and the layer in the bank: NAME.v00'),
  vendor: shown('the name of a company', 64).describe('Who answers for it'),
  version: text(
    'a version in quotes such as "1.2.3"',
    /^[0-9]{1,9}(\.[0-9]{1,9}){0,3}([-+~][0-9A-Za-z.+~-]{1,32})?$/,
  ).describe("Version of the OEM's part; a newer one replaces an older one in an update"),
  description: paragraph().exactOptional().describe('For people'),
  license: text(
    'an SPDX expression such as MIT or LicenseRef-ACME-EULA',
    /^[A-Za-z0-9.+() -]{1,200}$/,
  )
    .refine(isSpdxExpression, {
      error: 'an SPDX expression such as MIT or LicenseRef-ACME-EULA',
    })
    .exactOptional()
    .describe('What its own files are under: an SPDX expression, for the inventory'),
  products: list(
    text('a product name such as twinbank', /^[a-z][a-z0-9-]{0,31}$/),
    'a list of products such as [twinbank]',
  )
    .refine((products) => products.length > 0, { error: 'at least one product' })
    .prefault(['twinbank'])
    .describe('The products that it is for'),
  builds: list(
    text('OP VERSION such as ">= 1.2"', new RegExp(`^${operator} *${version}$`)),
    'a list of version ranges such as [">= 1.2", "< 2"]',
  )
    .prefault([])
    .describe('Versions of the product that it is for; all of these must hold'),
  keyId: text('a key id of 16 hexadecimal digits', /^[0-9a-f]{16}$/)
    .exactOptional()
    .describe('The key that packs it (twinbank keys show); pack refuses any other'),
  provides: list(
    text(
      'NAME or NAME = VERSION such as acme-cim = 2.1',
      new RegExp(`^${name}( *= *${version})?$`),
    ),
    'a list such as ["acme-cim = 2.1"]',
  )
    .prefault([])
    .describe('Names that others can require, beside its own'),
  requires: relations('What has to be in the bank', 'acme-cim >= 2'),
  conflicts: relations('What must not be in the bank', 'other-oem'),
  replaces: relations(
    'Modules whose files it may hide, and that an update with it takes away',
    'acme-old',
  ),
  drivers: list(driverName(), 'a list of kernel modules such as [tg3, coretemp]')
    .prefault([])
    .describe("Kernel modules of the bank's own kernel, with those that they need"),
  driverFiles: list(memberRef(), 'a list of files such as [file:drivers/NAME.ko]')
    .prefault([])
    .describe("Kernel modules of the OEM's own, built for just the bank's kernel"),
  firmware: list(
    memberRef().refine((ref) => 'member' in ref && firmwarePath(ref.member) !== undefined, {
      error: expectedFirmware,
    }),
    'a list of files such as [deb:firmware-linux-free#lib/firmware/isci/isci_firmware.bin]',
  )
    .prefault([])
    .describe(
      "Files of packages that drivers ask for; the OEM's own files lie in files/usr/lib/firmware",
    ),
  withoutFirmware: list(driverName(), 'a list of kernel modules such as [tg3]')
    .prefault([])
    .describe('Drivers that are known to do without the firmware that they ask for'),
  load: list(driverName(), 'a list of kernel modules such as [ipmi_devintf]')
    .prefault([])
    .describe('Those of them that no device asks for and that are loaded all the same'),
  programs: programsSchema,
  cim: cimSchema,
  defaults: defaultsSchema.prefault({}).describe('Until an administrator says otherwise'),
  support: supportSchema.prefault({}).describe('What helps when something breaks'),
});

export type Provider = z.output<typeof providerSchema>;

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The JSON Schema of a provider.yaml, for editors. */
export function providerJsonSchema(): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(providerSchema, { io: 'input' });
  return { ...($schema && { $schema }), title: 'twinbank OEM provider', ...rest };
}

/** The text of oem-providers/provider.schema.json. */
export function providerJsonSchemaText(): string {
  return `${JSON.stringify(providerJsonSchema(), null, 2)}\n`;
}
