import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { type DeviceNamer, deviceNamer } from '../../../../src/hostcore/device-namer.ts';
import { keptNames } from '../../../support/device-namer.ts';
import { fakeCoredump, fakeNfs, fakeSystem, gate } from './vmkd-ports.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A system with network cards to come. */
function namedSystem() {
  let known: DeviceNamer | undefined;
  const paths: string[] = [];
  const system = fakeSystem({
    deviceNamer: (port) => {
      const configuration = keptNames().configuration;
      known = deviceNamer({ ...port, configuration });
      return known;
    },
  });
  const add = (path: string): undefined => {
    paths.push(path);
    known?.namesOf('vmnic', paths);
  };
  return { namer: { add }, system };
}

/** All that can happen without a timer has happened. */
const settled = () => vi.advanceTimersByTimeAsync(0);
const trial = { ...fakeSystem().ports.command, trial: true };

describe('the steps of vmkd', () => {
  it('are taken in their order, and end in a system that is ready', async () => {
    const { events, journal, fake, run } = fakeSystem();
    await run();
    expect(events).toEqual([
      'engine: Node 22.0.0',
      'watchdogs of 60 s at once',
      'OEM modules',
      'load drivers',
      'drivers: 1 for 3 devices',
      'driver tg3: none',
      'state: generation 3 of bank 5',
      'host name esx1',
      'network by dhcp',
      'start syslog with 1 files',
      'start lamp with 1 files',
      'serve',
      'agents: vmkd, syslog, lamp, power button',
      'network: vmk0 10.0.2.15/24',
      'certificate',
      'save changes',
      'keep state',
      'ready build=1.2-3 bank=5 boot=30.0s',
    ]);
    expect(journal).toEqual([{ event: 'ready', bank: 5, confirmed: true, stages: { engine: 1 } }]);
    expect(fake.parts?.system.phase()).toBe('ready');
  });

  it('I5: tell of a crash before the network, and load the dump kernel when no boot waits for it any more', async () => {
    const { events, run, ports } = fakeSystem();
    await run({ coredump: () => fakeCoredump((event) => void events.push(event)) });
    expect(events.indexOf('report a crash')).toBeGreaterThan(0);
    expect(events.indexOf('report a crash')).toBeLessThan(events.indexOf('network by dhcp'));
    expect(events.slice(-2)).toEqual([expect.stringMatching(/^ready /), 'load the dump kernel']);

    const { settings } = ports;
    const health = { ...settings.health, trialChecks: ['coredump'] as const };
    const early = fakeSystem({ settings: { ...settings, health } });
    await early.run({ coredump: () => fakeCoredump((event) => void early.events.push(event)) });
    expect(early.events.indexOf('load the dump kernel')).toBeLessThan(
      early.events.indexOf('serve'),
    );
  });

  it('end in no system that is ready where no disk has the bank, and name what has no driver', async () => {
    const { events, journal, fake, run } = fakeSystem({
      findBank: async () => undefined,
      findControllers: () => [
        {
          leadsTo: 'disk',
          title: 'disk controller PCI 15ad:07c0 at 0000:03:00.0',
          hasDriver: false,
        },
        {
          leadsTo: 'network',
          title: 'network card PCI 15ad:07b0 at 0000:0b:00.0',
          hasDriver: false,
        },
      ],
      openJournal: (bank) => ({
        problem: bank ? 'none' : 'no disk has a store',
        write: () => {},
      }),
      verifyBank: () => {
        throw new Error('there is no bank');
      },
    });
    await run();
    const why =
      'no disk has bank 5 (partition guid): this bank has no driver for disk controller PCI 15ad:07c0 at 0000:03:00.0';
    expect(events).toEqual(
      expect.arrayContaining([
        'boot journal: no disk has a store',
        'start lamp with no files',
        `bank: not confirmed: ${why}`,
      ]),
    );
    expect(events.at(-1)).toBe(`unhealthy build=1.2-3 bank=5 boot=30.0s ${why}`);
    expect(events.filter((event) => event.startsWith('ready'))).toEqual([]);
    expect(events).not.toContain('keep state');
    expect(fake.parts?.system.phase()).toBe('starting');
    expect(fake.parts?.system.problems()).toEqual([why]);
    expect(journal).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events.filter((event) => event.startsWith('unhealthy'))).toHaveLength(1);
  });

  it('write nothing and say so where two disks have the bank', async () => {
    const why = 'bank: found /dev/sda5, /dev/sdb5';
    const { events, fake, run } = fakeSystem({
      findBank: () => Promise.reject(new TwinbankError('refused', 'bank.ambiguous', why)),
      openJournal: (bank) => ({ problem: bank ? 'none' : 'no disk has a store', write: () => {} }),
      judgeBoot: async () => {
        throw new Error('there is no bank');
      },
    });
    await run();
    expect(events).toEqual(expect.arrayContaining([why, `bank: not confirmed: ${why}`]));
    expect(events.at(-1)).toBe(`unhealthy build=1.2-3 bank=5 boot=30.0s ${why}`);
    expect(events).not.toContain('keep state');
    expect(fake.parts?.system.problems()).toEqual([why]);
    expect(fake.parts?.bank).toBeUndefined();
  });

  it('tell of packages that are wrong, and confirm the boot all the same', async () => {
    const why = 'store: expected ovmf.sqfs of 1.2-3, found other contents';
    const found: string[] = [];
    const { events, journal, fake, run } = fakeSystem({
      hostPackages: () => ({
        ...fakeSystem().ports.hostPackages(undefined, []),
        problems: () => found,
        isUnchecked: () => found.length === 0,
        check: async () => {
          events.push('check');
          found.push(why);
          return { problem: null, packages: [] };
        },
      }),
      judgeBoot: async ({ problems }) => problems(true)[0],
    });
    await run();
    // They are read when nobody waits any more.
    expect(events.slice(-2)).toEqual(['ready build=1.2-3 bank=5 boot=30.0s', 'check']);
    expect(journal).toMatchObject([{ event: 'ready', confirmed: true }]);
    expect(fake.parts?.system.problems()).toEqual([why]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(events.at(-1)).toBe(`unhealthy: ${why}`);
    expect(journal.at(-1)).toEqual({ event: 'unhealthy', bank: 5, why });
  });

  it('have the packages read before the boot is confirmed where the recipe asks for it', async () => {
    const { settings, hostPackages } = fakeSystem().ports;
    const health = { ...settings.health, checks: ['store'] as const };
    let unchecked = true;
    const asked: (readonly string[])[] = [];
    const { run } = fakeSystem({
      settings: { ...settings, health },
      hostPackages: () => ({
        ...hostPackages(undefined, []),
        isUnchecked: () => unchecked,
        check: async () => {
          unchecked = false;
          return { problem: null, packages: [] };
        },
      }),
      judgeBoot: async ({ problems }) => {
        asked.push(problems(true));
        return undefined;
      },
    });
    await run();
    expect(asked).toEqual([[]]);
    unchecked = true;
  });

  it('are unhealthy while a copy of the disk is there, and are not confirmed', async () => {
    const why = 'bank: found /dev/sda5, /dev/sdb5';
    const seen: (readonly string[])[] = [];
    const { run } = fakeSystem({
      bankGuard: { assert: () => {}, problem: () => why },
      judgeBoot: async ({ problems, assertOnlyBank }) => {
        seen.push(problems(true), problems(false));
        assertOnlyBank?.();
        return undefined;
      },
    });
    await run();
    expect(seen).toEqual([[why], [why]]);
  });

  it('do not look for a bank that no loader named', async () => {
    const { partitionGuid: _guid, bank: _bank, ...command } = fakeSystem().ports.command;
    const findBank = vi.fn();
    const { events, journal, run } = fakeSystem({ command, findBank });
    await run();
    expect(findBank).not.toHaveBeenCalled();
    expect(events.at(-1)).toBe('ready build=1.2-3 bank=- boot=30.0s');
    expect(journal).toMatchObject([{ event: 'ready', bank: 0, confirmed: false }]);
  });

  it('keep the screen true: name, address and state as they are now', async () => {
    const now = { host: 'esx1', address: '10.0.2.15' };
    const lease = { interface: 'vmk0', prefix: 24, router: '', dns: '' };
    const { fake, run } = fakeSystem({
      hostName: () => now.host,
      hostAddresses: () => (now.address ? [{ ...lease, address: now.address }] : []),
    });
    await run();
    // At once, and not at the next look only: who sees `ready` looks at the lines above it.
    expect(fake.panel).toEqual(
      expect.arrayContaining([
        '  Host      esx1',
        '  Address   10.0.2.15/24 on vmk0',
        '  Bank      5, confirmed',
        '  State     ready',
      ]),
    );
    Object.assign(now, { address: '2001:db8::5' });
    await vi.advanceTimersByTimeAsync(5000);
    expect(fake.panel).toContain('  Address   2001:db8::5/24 on vmk0');
    Object.assign(now, { host: 'esx2', address: '' });
    await vi.advanceTimersByTimeAsync(5000);
    expect(fake.panel).toEqual(
      expect.arrayContaining(['  Host      esx2', '  Address   none yet on vmnic0']),
    );
  });

  it('B4: make datastores of blank disks once the boot is confirmed, and look for disks when a device comes', async () => {
    const asked: string[] = [];
    const { ports, run } = fakeSystem({
      hostStorage: ({ bootDisk, blankDisks }) => ({
        rescan: async () => void asked.push(`scan, not ${bootDisk}, ${blankDisks}`),
        claimRest: async () => void asked.push('claim'),
        formatBlank: async () => void asked.push('format'),
        list: async () => ({ disks: [], datastores: [], scratch: null }),
        nfs: fakeNfs,
        problems: () => [],
      }),
      judgeBoot: async () => {
        asked.push('judge');
        return undefined;
      },
      watchDevices: ({ onChange }) => void onChange(),
    });
    await run();
    await settled();
    const scan = 'scan, not /dev/vda, format';
    expect(asked).toEqual([scan, 'judge', 'claim', 'format', scan]);
    expect(ports.settings.firstBoot).toMatchObject({ blankDisks: 'format' });
  });

  it('B4: save the names of devices once the boot is confirmed, those of later ones at once, and say where they cannot be saved', async () => {
    const early = 'pci0000:00/03.0';
    const { namer, system } = namedSystem();
    await system.run({ judgeBoot: async () => namer.add(early) });
    expect(system.events.filter((event) => event === 'save changes')).toHaveLength(1);
    expect(system.events.indexOf('save changes')).toBeGreaterThan(0);
    namer.add(early);
    namer.add('pci0000:00/02.0');
    expect(system.events.filter((event) => event === 'save changes')).toHaveLength(2);

    const trial = namedSystem();
    await trial.system.run({
      judgeBoot: async () => {
        trial.namer.add(early);
        return 'it is ill';
      },
    });
    expect(trial.system.events).not.toContain('keep state');
    // Which says why it does not.
    expect(trial.system.events.filter((event) => event === 'save changes')).toHaveLength(1);
  });

  it.each([
    [false, true, 'begin'],
    [false, false, 'go-on'],
    [true, true, 'wait'],
  ])(
    'B4: of the rest of the boot disk, in a trial (%s) with a new journal (%s): %s',
    async (trial, isNew, expected) => {
      const uses: string[] = [];
      const { command, settings, hostStorage } = fakeSystem().ports;
      const { run } = fakeSystem({
        command: { ...command, trial },
        settings: { ...settings, firstBoot: { ...settings.firstBoot, bootDiskRest: 'format' } },
        openJournal: () => ({ isNew, write: () => {} }),
        hostStorage: (port) => {
          uses.push(port.restUse);
          return hostStorage(port);
        },
      });
      await run();
      expect(uses).toEqual([expected]);
    },
  );

  it('make nothing of blank disks where the boot is not confirmed', async () => {
    const formatBlank = vi.fn();
    const claimRest = vi.fn();
    const { hostStorage } = fakeSystem().ports;
    const { run } = fakeSystem({
      hostStorage: (port) => ({ ...hostStorage(port), formatBlank, claimRest }),
      judgeBoot: async () => 'it is ill',
    });
    await run();
    expect(formatBlank).not.toHaveBeenCalled();
    expect(claimRest).not.toHaveBeenCalled();
  });

  it('tell of a datastore that is wrong, and confirm the boot all the same', async () => {
    const why = 'datastore datastore1: its disk has gone';
    const { hostStorage } = fakeSystem().ports;
    const { fake, run, journal } = fakeSystem({
      hostStorage: (port) => ({ ...hostStorage(port), problems: () => [why] }),
      judgeBoot: async ({ problems }) => problems(true)[0],
    });
    await run();
    expect(journal).toMatchObject([{ event: 'ready', confirmed: true }]);
    expect(fake.parts?.system.problems()).toEqual([why]);
  });

  it('go on where the network, the judge or an OEM has something to say', async () => {
    const { events, journal, run } = fakeSystem({
      openNetwork: (report) => ({
        ...fakeSystem().ports.openNetwork(report),
        uplinks: () => [],
        start: () => Promise.reject(new Error('no such device')),
      }),
      firstLease: async () => undefined,
      judgeBoot: () => Promise.reject(new Error('EIO: i/o error, read')),
      oemLines: () => ['OEM acme 1.0 of ACME'],
      oemLogos: () => [{ lines: ['##', '##'], color: 'red' }],
    });
    await run();
    expect(events).toEqual(
      expect.arrayContaining([
        'picture of 2 lines',
        'OEM acme 1.0 of ACME',
        'network: no such device',
        'network: no address on 0 interfaces: no network card was found',
        'bank: not confirmed: EIO: i/o error, read',
      ]),
    );
    expect(journal).toMatchObject([
      { event: 'ready', confirmed: false, why: 'EIO: i/o error, read' },
    ]);
  });

  it('find themselves done when vmkd is started again', async () => {
    const { events, run } = fakeSystem({
      takeOverGroup: () => true,
      stateKeeper: (bank) => ({
        ...fakeSystem().ports.stateKeeper(bank),
        restore: async () => 'generation 3 of bank 5, restored before',
      }),
      // Nothing is confirmed twice: the judge finds the bank VALID.
      judgeBoot: async () => undefined,
    });
    await run();
    expect(events.slice(0, 2)).toEqual([
      'engine: Node 22.0.0, vmkd started again',
      // One that ends again and again must not keep the host from its reset.
      'watchdogs of 60 s later',
    ]);
    expect(events).toContain('state: generation 3 of bank 5, restored before');
    expect(events.at(-1)).toMatch(/^ready /);
  });

  it('save changes that were made past vmkd every hour', async () => {
    const { events, run } = fakeSystem();
    await run();
    await vi.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(events.filter((event) => event === 'save changes')).toHaveLength(3);
  });
});

describe('a trial', () => {
  it('is reset 15 s after its time, wherever it hangs', async () => {
    const { events, run } = fakeSystem({ command: trial, findBank: () => new Promise(() => {}) });
    void run();
    // The kernel has run for 20 s of 300.
    await vi.advanceTimersByTimeAsync(294_000);
    expect(events).not.toContain('reset');
    await vi.advanceTimersByTimeAsync(2000);
    expect(events.slice(-3)).toEqual([
      'watchdogs starve',
      'resetting: the trial was not confirmed in its time',
      'reset',
    ]);
  });

  it('is reset by the judge when it is not healthy in its time', async () => {
    const { events, run, fake } = fakeSystem({
      command: trial,
      judgeBoot: async ({ reset, trialSeconds, problems }) => {
        expect([trialSeconds, problems(true)]).toEqual([300, []]);
        return reset('trial not healthy in 300 s: agent lamp: gone');
      },
    });
    void run();
    await settled();
    expect(events.slice(-2)).toEqual([
      'resetting: trial not healthy in 300 s: agent lamp: gone',
      'reset',
    ]);
    expect(fake.parts?.system.phase()).toBe('starting');
  });

  /** A vmkd that is started again 1000 s after the kernel, of which the trial had 300. */
  const restartedLate = (isSet: boolean) => {
    // The agents are new, too: the judge has to wait for them.
    const judgeBoot = () =>
      new Promise<undefined>((done) => setTimeout(() => done(undefined), 1000));
    const confirmedMark = { isSet: () => isSet, set: () => {} };
    const system = fakeSystem({
      command: trial,
      takeOverGroup: () => true,
      judgeBoot,
      confirmedMark,
    });
    system.fake.seconds = 1000;
    return system;
  };

  it('is not reset by a vmkd that is started again after its time, once it was confirmed', async () => {
    const { events, run } = restartedLate(true);
    void run();
    await vi.advanceTimersByTimeAsync(2000);
    expect(events).not.toContain('reset');
    expect(events.at(-1)).toMatch(/^ready /);
  });

  it('is reset by one that is started again after its time, when it was never confirmed', async () => {
    const { events, run } = restartedLate(false);
    void run();
    await vi.advanceTimersByTimeAsync(500);
    expect(events.at(-1)).toBe('reset');
  });

  it('leaves a mark for the next vmkd when it is confirmed, and none before', async () => {
    const set = vi.fn();
    const confirmedMark = { isSet: () => false, set };
    await fakeSystem({ command: trial, confirmedMark, judgeBoot: async () => 'no' }).run();
    expect(set).not.toHaveBeenCalled();
    await fakeSystem({ command: trial, confirmedMark }).run();
    expect(set).toHaveBeenCalledOnce();
  });

  it('is left alone once it is confirmed, and so is one that is being ended', async () => {
    const confirmed = fakeSystem({ command: trial });
    await confirmed.run();
    const ended = fakeSystem({ command: trial, judgeBoot: () => new Promise(() => {}) });
    void ended.run();
    await settled();
    ended.fake.pressed?.();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(confirmed.events).not.toContain('reset');
    expect(ended.events).not.toContain('reset');
  });
});

describe('the end of the system', () => {
  const orderly = [
    'shutting down: power button',
    'cancel update',
    'save changes',
    'stop lamp',
    'stop syslog',
    'end: power-off',
  ];

  it('saves, and ends the agents in the reverse of their order, when it is ready', async () => {
    const { events, journal, fake, run } = fakeSystem();
    await run();
    fake.pressed?.();
    expect(fake.parts?.system.phase()).toBe('stopping');
    await settled();
    expect(events.slice(-6)).toEqual(orderly);
    expect(journal.at(-1)).toEqual({ event: 'shutdown', bank: 5, why: 'power button' });
  });

  it('comes while the boot is judged, which is then not confirmed and never ready', async () => {
    const { events, fake, run } = fakeSystem({
      judgeBoot: async ({ isStopping }) => {
        while (!isStopping()) await new Promise((resolve) => setTimeout(resolve, 500));
        return 'the system is ending';
      },
    });
    const over = run();
    await settled();
    fake.pressed?.();
    await settled();
    expect(events.slice(-6)).toEqual(orderly);
    await vi.advanceTimersByTimeAsync(500);
    await over;
    expect(events.at(-1)).toBe('bank: not confirmed: the system is ending');
    expect(fake.parts?.system.phase()).toBe('stopping');
  });

  it('comes once, whatever is asked for after it', async () => {
    const { events, fake, run } = fakeSystem();
    await run();
    fake.parts?.system.stop('reboot', 'asked for');
    fake.parts?.system.stop('power-off', 'asked for again');
    fake.pressed?.();
    await settled();
    expect(events.filter((event) => event.startsWith('end: '))).toEqual(['end: reboot']);
    expect(events).toContain('rebooting: asked for');
  });

  it('is not kept back by a disk or an agent that hangs', async () => {
    const { opened, open } = gate<void>();
    const keeper = fakeSystem().ports.stateKeeper(undefined);
    const { events, fake, run } = fakeSystem({
      stateKeeper: () => ({ ...keeper, saveChanges: () => new Promise(() => {}) }),
      judgeBoot: async () => 'it was INVALID and booted by a person, once',
      endTimeout: () => opened,
    });
    await run();
    fake.pressed?.();
    await settled();
    expect(events.at(-1)).toBe('cancel update');
    open();
    await settled();
    expect(events).toContain('end: power-off');
  });
});
