import { choice, flag, integer, list, map } from './field.ts';

/** What can be known on the host itself. */
const ownChecks = [
  ...(['layers', 'manifests', 'loader', 'agents', 'state', 'drivers', 'store'] as const),
  ...(['storage', 'coredump', 'memory', 'time', 'log', 'users'] as const),
] as const;

/** When a boot counts as a good one. */
export const healthSchema = map({
  watchdogSeconds: integer(10, 600)
    .prefault(60)
    .describe('Seconds without a sign of life after which the hardware watchdog resets the host'),
  trialSeconds: integer(30, 3600)
    .prefault(300)
    .describe(
      'Seconds after the start of the kernel by which a trial must be healthy; else it is reset',
    ),
  checks: list(choice(ownChecks), 'a list of checks such as [layers, agents]')
    .prefault(['layers', 'manifests', 'loader', 'agents', 'state'])
    .describe('What must hold for a boot to be confirmed, all of it known on the host itself'),
  trialChecks: list(choice([...ownChecks, 'network']), 'a list of checks such as [network]')
    .prefault([])
    .describe('What must hold beside that for a trial of a new version only'),
});

/** What a host does at its first boot, and until somebody has set it up. */
export const firstBootSchema = map({
  trustedNetwork: flag()
    .prefault(false)
    .describe(
      'As long as root has no password: true lets root log in over the network with the empty one, to set one and nothing else; false lets nobody in',
    ),
  blankDisks: choice(['format', 'leave'])
    .prefault('format')
    .describe(
      'format: a local disk on which nothing is becomes a datastore; leave: it is only listed',
    ),
  bootDiskRest: choice(['format', 'leave'])
    .prefault('leave')
    .describe(
      'format: the first boot makes a datastore of what is free behind the image on its disk; leave: nobody touches it',
    ),
});
