import { fileRef, list, map, memberRef, text } from './field.ts';

const className = text(
  'a class with its vendor before the "_" such as Acme_Fan',
  /^[A-Za-z][A-Za-z0-9]{1,31}_[A-Za-z][A-Za-z0-9_]{0,62}$/,
).refine((name) => !/^(cim|prs|twinbank)_/i.test(name), {
  error: 'a class of the vendor, not of CIM, PRS or Twinbank',
});

const sysPath = 'a path below /sys such as /sys/class/hwmon/hwmon*/pwm1';

const providerSchema = map({
  provider: fileRef('a file such as file:cim/sensors.ts').describe(
    'Source in the folder cim/: exports provider, imports twinbank/cim and files of cim/',
  ),
  classes: list(className, 'a list of classes such as [Acme_Fan]')
    .refine((names) => names.length > 0, { error: 'at least one class' })
    .describe('Just the classes that it has; no other module of a bank can have one of them'),
  writes: list(
    text(sysPath, /^\/sys\/[A-Za-z0-9_.:*/-]{1,200}$/).refine(
      (path) => !path.split('/').some((name) => name === '.' || name === '..'),
      {
        error: sysPath,
      },
    ),
    'a list of paths such as ["/sys/class/hwmon/hwmon*/pwm1"]',
  )
    .prefault([])
    .describe('Attributes that it may write; * stands for any characters of a name'),
  devices: list(
    text('a device such as /dev/ipmi0', /^\/dev\/(ipmi|i2c-|hwrng|watchdog)[0-9]*$/),
    'a list of devices such as [/dev/ipmi0]',
  )
    .prefault([])
    .describe(
      'Devices that its programs may use: /dev/ipmiN, /dev/i2c-N, /dev/hwrng, /dev/watchdogN',
    ),
});

/** CIM providers of an OEM. */
export const cimSchema = list(
  providerSchema,
  'a list such as [{ provider: file:cim/sensors.ts, classes: [Acme_Fan] }]',
)
  .refine((all) => all.length <= 8, { error: 'at most 8' })
  .prefault([])
  .describe('CIM providers: what the host tells of the hardware (docs/cim.md)');

/** Programs of packages that CIM providers and collectors run. */
export const programsSchema = list(
  memberRef().refine((ref) => 'member' in ref, {
    error: 'a program of a package such as deb:freeipmi-tools#usr/sbin/ipmi-sensors',
  }),
  'a list such as ["deb:freeipmi-tools#usr/sbin/ipmi-sensors"]',
)
  .prefault([])
  .describe('Programs of packages, with the libraries they need: usr/lib/twinbank/oem/NAME/bin');
