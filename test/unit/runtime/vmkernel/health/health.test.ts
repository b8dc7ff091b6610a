import { describe, expect, it } from 'vitest';
import {
  findNews,
  findProblems,
  type HealthFacts,
  readMounts,
} from '../../../../../src/runtime/vmkernel/health/health.ts';

/** As /proc/mounts of a running bank is, where the layer named last lies on top. */
const mounts = (lower: string): string => `proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
devtmpfs /dev devtmpfs rw,nosuid,relatime,size=481376k,mode=755 0 0
overlay / overlay rw,relatime,lowerdir=${lower},upperdir=/memory/upper,workdir=/memory/work 0 0
tmpfs /run tmpfs rw,nosuid,nodev,relatime,mode=755 0 0
overlay /tmp/other overlay rw,relatime,lowerdir=/layers/other,upperdir=/u,workdir=/w 0 0
`;
const whole = mounts('/layers/oem:/layers/agents:/layers/engine');
const lease = { interface: 'vmk0', address: '10.0.2.15', prefix: 24, router: '', dns: '' };
const healthy: HealthFacts = {
  layers: ['engine', 'agents', 'oem'],
  mounts: whole,
  agents: [{ name: 'syslog', problem: () => undefined }],
  drivers: { devices: 3, loaded: ['e1000'], failed: [] },
  addresses: [lease],
  stateProblem: null,
  manifestProblem: undefined,
  loaderProblem: undefined,
  coredumpProblem: undefined,
  coredumpNews: [],
  storeProblems: [],
  storeUnchecked: false,
  storageProblems: [],
  networkProblems: [],
  memoryProblems: [],
  settingProblems: [],
  clockProblem: undefined,
  agentProblems: [],
};
const settings = {
  watchdogSeconds: 60,
  trialSeconds: 300,
  checks: ['layers', 'manifests', 'loader', 'agents', 'state', 'drivers'],
  trialChecks: ['network'],
} as const;
const problems = (facts: Partial<HealthFacts>, trial = false): string[] =>
  findProblems(settings, trial, { ...healthy, ...facts });

describe('what a host tells of itself', () => {
  const never = { check: 'time', why: 'time: none of the servers a is followed' } as const;
  it.each([
    ['storage', 'storage', { storageProblems: ['datastore1: full'] }, ['datastore1: full']],
    ['store', 'store', { storeProblems: ['store: torn'] }, ['store: torn']],
    ['memory', 'memory', { memoryProblems: ['memory: full'] }, ['memory: full']],
    ['time', 'clock', { clockProblem: 'clock: 1970' }, ['clock: 1970']],
    ['time', 'time servers', { agentProblems: [{ ...never, lasts: true }] }, [never.why]],
    [
      'log',
      'log targets',
      { agentProblems: [{ check: 'log', why: 'log: not sent to a', lasts: true }] },
      ['log: not sent to a'],
    ],
    [
      'users',
      'users',
      { settingProblems: ['etc/vmware/authorization.json: expected JSON', 'accounts: no'] },
      ['users: etc/vmware/authorization.json: expected JSON', 'users: accounts: no'],
    ],
  ] as const)(
    'has the check %s, which a boot can be asked for (%s), and is told of without it',
    (check, _, facts, found) => {
      const ill = { ...healthy, ...facts } as HealthFacts;
      for (const asked of [
        { ...settings, checks: [check], trialChecks: [] },
        { ...settings, checks: [], trialChecks: [check] },
      ]) {
        expect(findProblems(asked, true, ill)).toEqual(found);
        expect(findProblems(asked, true, healthy)).toEqual([]);
      }
      expect(problems(facts as Partial<HealthFacts>)).toEqual([]);
      expect(findNews(ill)).toEqual(found);
    },
  );

  it('leaves out what has only begun, and what only a trial is asked for', () => {
    const agentProblems = [{ ...never, lasts: false }];
    const begun = { ...healthy, agentProblems, storeUnchecked: true, addresses: [] };
    expect(findNews(begun)).toEqual([]);
    const time = { ...settings, checks: ['time'] as const };
    expect(findProblems(time, false, begun)).toEqual([never.why]);
  });

  it('has dumps that wait, and what the network cannot do', () => {
    const facts = { coredumpNews: ['core dump: waits'], networkProblems: ['no vmnic3'] };
    expect(findNews({ ...healthy, ...facts })).toEqual(['core dump: waits', 'network: no vmnic3']);
  });

  it('tells settings that cannot be read from users that cannot', () => {
    const facts = { settingProblems: ['etc/vmware/ntp.json: expected JSON', 'securityX: no'] };
    expect(problems(facts)).toEqual([
      'settings: etc/vmware/ntp.json: expected JSON',
      'settings: securityX: no',
    ]);
    expect(findNews({ ...healthy, ...facts })).toEqual([]);
  });
});

describe('the health of a boot with the check storage', () => {
  it('is what its disks and datastores are, and without it nothing to them', () => {
    const storageProblems = ['datastore datastore1: its disk has gone'];
    const checks = ['storage'] as const;
    const asked = { ...settings, checks };
    expect(findProblems(asked, false, { ...healthy, storageProblems })).toEqual(storageProblems);
    expect(findProblems(asked, false, healthy)).toEqual([]);
    expect(problems({ storageProblems })).toEqual([]);
  });
});

describe('the health of a boot with the check coredump', () => {
  it('is that a panic would be dumped, and without it nothing to that', () => {
    const coredumpProblem = 'the bank has no /usr/sbin/kexec';
    const facts = { ...healthy, coredumpProblem };
    const withCheck = { ...settings, checks: ['coredump'] as const };
    expect(findProblems(withCheck, false, facts)).toEqual([`core dump: ${coredumpProblem}`]);
    expect(findProblems(withCheck, false, healthy)).toEqual([]);
    expect(findProblems(settings, false, facts)).toEqual([]);
  });
});

describe('the health of a boot with the check store', () => {
  const storeProblems = ['store: expected ovmf.sqfs of 1.0-1, found other contents'];
  it('is what its packages are, and without it nothing to them', () => {
    const checks = ['store'] as const;
    const facts = { ...healthy, storeProblems };
    expect(findProblems({ ...settings, checks }, true, facts)).toEqual(storeProblems);
    expect(findProblems({ ...settings, checks }, true, healthy)).toEqual([]);
    expect(problems({ storeProblems }, true)).toEqual([]);
  });
});

describe('the health of a boot', () => {
  it('is good when every layer is stacked and every agent runs', () => {
    expect(problems({})).toEqual([]);
    expect(problems({}, true)).toEqual([]);
    expect(problems({ layers: ['engine'], mounts: mounts('/layers/engine') })).toEqual([]);
  });

  it.each([
    { what: 'one is missing', text: mounts('/layers/agents:/layers/engine'), missing: 'oem' },
    {
      what: 'others have names that hold theirs',
      text: mounts('/layers/oem-x:/layers/agents:/layers/engine2'),
      missing: 'engine, oem',
    },
    {
      what: 'the root is no overlay',
      text: whole.replace('overlay / overlay', 'overlay /mnt overlay'),
      missing: 'engine, agents, oem',
    },
    { what: 'nothing is mounted', text: '', missing: 'engine, agents, oem' },
  ])('names the layers that are not stacked where $what', ({ text, missing }) => {
    expect(problems({ mounts: text })).toEqual([`layers ${missing} are not stacked`]);
  });

  it('is bad when the loader is none that a manifest lists', () => {
    const loaderProblem = 'loader: grub/grub.cfg: expected the bytes of 1.0-1, found others';
    expect(problems({ loaderProblem })).toEqual([loaderProblem]);
  });

  it('is bad when the manifests are not to be trusted', () => {
    const manifestProblem = 'base.json: expected the signature of a trusted key';
    expect(problems({ manifestProblem })).toEqual([`manifests: ${manifestProblem}`]);
  });

  it('names each agent with its problem', () => {
    const agents = [
      { name: 'syslog', problem: () => 'it ended with exit code 1' },
      { name: 'shell', problem: () => undefined },
      { name: 'time', problem: () => 'its process is in state T' },
    ];
    expect(problems({ agents })).toEqual([
      'agent syslog: it ended with exit code 1',
      'agent time: its process is in state T',
    ]);
  });

  it('names drivers that cannot be loaded', () => {
    const failed = ['nvme', 'ahci'].map((module) => ({ module, reason: 'no such device' }));
    expect(problems({ drivers: { devices: 2, loaded: [], failed } })).toEqual([
      'drivers nvme, ahci cannot be loaded',
    ]);
  });

  it('tells of a state that was found and is not there again', () => {
    expect(problems({ stateProblem: 'generation 7 of bank 5: torn' })).toEqual([
      'state not restored: generation 7 of bank 5: torn',
    ]);
  });

  it('asks for a network address in a trial and not of a bank that was VALID', () => {
    expect(problems({ addresses: [] }, false)).toEqual([]);
    expect(problems({ addresses: [] }, true)).toEqual(['no network address']);
    const linkLocal = { ...lease, address: '169.254.7.9', prefix: 16 };
    expect(problems({ addresses: [linkLocal] }, true)).toEqual(['no network address']);
    expect(problems({ addresses: [linkLocal, lease] }, true)).toEqual([]);
    // B4: a host without IPv4.
    expect(problems({ addresses: [{ address: '2001:db8::5' }] }, true)).toEqual([]);
  });

  it('is asked for by the checks of the recipe alone, each of them once', () => {
    const ill = { mounts: '', addresses: [] };
    const none = { ...settings, checks: [], trialChecks: [] };
    expect(findProblems(none, true, { ...healthy, ...ill })).toEqual([]);
    const twice = { ...none, checks: ['network'], trialChecks: ['network', 'layers'] } as const;
    expect(findProblems(twice, true, { ...healthy, ...ill })).toEqual([
      'no network address',
      'layers engine, agents, oem are not stacked',
    ]);
  });

  it('can be told of the mounts of this very system', () => {
    expect(readMounts()).toMatch(/^\S+ \/\S* \S+ \S+ 0 0$/m);
  });
});
