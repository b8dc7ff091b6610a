import { parseDuration } from '../../diagnostics/duration.ts';
import type { LiveFaultRow } from './fault.ts';

/** Where a scenario says that the store is full. */
export const storePath = '/store';

/** Faults that act at once; `heal` ends them. */
export const liveFaultRows: readonly LiveFaultRow[] = [
  {
    name: 'io-error',
    usage: 'io-error=read|write[:PARTITION]',
    meaning: 'every read or write of the disk, or of a partition, fails',
    bank: 'none',
    parse(argument = '') {
      const [, on, partition] = /^(read|write)(?::(0|[1-9]\d{0,2}))?$/.exec(argument) ?? [];
      if (on !== 'read' && on !== 'write') return 'read or write, with :PARTITION';
      return { live: 'io-error', on, ...(partition && { partition: Number(partition) }) };
    },
  },
  {
    name: 'disk-latency',
    usage: 'disk-latency=TIME',
    meaning: 'the disk answers late by so much',
    bank: 'none',
    parse(argument = '') {
      const milliseconds = parseDuration(argument);
      return milliseconds ? { live: 'disk-latency', milliseconds } : 'a time such as 200ms';
    },
  },
  {
    name: 'network-down',
    usage: 'network-down',
    meaning: 'the cable is out',
    bank: 'none',
    parse: (argument) => (argument === undefined ? { live: 'network-down' } : 'no argument'),
  },
  {
    name: 'clock-jump',
    usage: 'clock-jump=SECONDS',
    meaning: 'the hardware clock is moved by so many seconds, either way',
    bank: 'none',
    parse(argument = '') {
      const right = /^[+-]?\d{1,10}$/.test(argument) && Number(argument) !== 0;
      return right ? { live: 'clock-jump', seconds: Number(argument) } : 'seconds such as -3600';
    },
  },
  {
    name: 'disk-full',
    usage: 'disk-full=PATH',
    meaning: 'the file system at a path of the host is full, such as /tmp',
    bank: 'none',
    parse: (path) =>
      path?.startsWith('/') ? { live: 'disk-full', path } : 'an absolute path such as /tmp',
  },
  {
    name: 'panic',
    usage: 'panic',
    meaning: 'the kernel of the running system panics',
    bank: 'none',
    parse: (argument) => (argument === undefined ? { live: 'panic' } : 'no argument'),
  },
];
