import type { RunEvent, Variant } from '../../../src/harness/report/run-event.ts';
import { bootLines, panicLines } from './console-lines.ts';
import { diskMark } from './disk-summaries.ts';
import { eventStream } from './stream.ts';

type Stream = ReturnType<typeof eventStream>;

/** A run as CI has it: most passes, one update hangs, one is flaky, one step is not for its engine. */
export function exampleRun(): RunEvent[] {
  const stream = eventStream({ scenarios: 9 });
  for (const firmware of ['bios', 'uefi'] as const) firstBoot(stream, { firmware, disk: 'nvme' });
  powerCut(stream, { firmware: 'uefi', disk: 'nvme', oem: 'acme' });
  fallback(stream);
  for (const attempt of [1, 2]) network(stream, attempt);
  const typed = stream.scenario('console-password', {
    engine: 'sim',
    description: 'An administrator sets the root password at the console.',
    steps: ['power on', 'type the new password', 'log in with it'],
  });
  typed.begin(0.001);
  typed.end();
  typed.begin(0);
  typed.end('not-applicable', 'the simulator has no keyboard');
  typed.done('not-applicable');
  stream.scenario('replace-host', { steps: ['state backup', 'state restore'] }).done('skipped');
  return stream.end();
}

function firstBoot(stream: Stream, variant: Variant): void {
  const lines = bootLines({ slower: variant.firmware === 'uefi' ? 1.3 : 1 });
  const steps = ['build and flash recipes/default.yaml', 'power on', 'wait for ready', 'power off'];
  const one = stream.scenario('first-boot', {
    variant,
    steps,
    description:
      'A fresh image boots, finds its devices, asks for an address and confirms its bank.',
  });
  one.begin(3.4);
  one.end('passed', '752 MiB, all modules cached');
  one.disk('flashed', diskMark());
  one.begin(0);
  one.power('on');
  one.end();
  one.begin(0);
  one.lines(lines);
  one.booted(lines);
  one.end('passed', 'bank 5, 0.1.0-1');
  one.kept('screenshot', 'ready', `first-boot/${variant.firmware}.png`);
  one.begin(2.1);
  one.power('off');
  one.end();
  one.disk('powered off', diskMark());
  one.kept('artefact', 'console log', `first-boot/${variant.firmware}/console.log`);
  one.done('passed');
}

function powerCut(stream: Stream, variant: Variant): void {
  const [old, next] = ['0.1.0-1', '1.1.0-2'];
  const one = stream.scenario('update-power-cut', {
    variant,
    description:
      'The power fails while a new system is tried for the first time; the old one comes back by itself.',
    steps: [
      ...['build and flash recipes/default.yaml', 'update to 1.1.0', 'power on'],
      ...['cut the power at stage engine', 'power on', 'expect bank 5 and 0.1.0-1'],
      ...['expect bank 6 INVALID, verdict T', 'power off'],
    ],
  });
  one.begin(3.1);
  one.end('passed', '752 MiB, all modules cached');
  one.disk('flashed', diskMark());
  one.begin(4.2);
  one.end('passed', '46.6 MiB written, read back');
  one.disk('updated', diskMark({}, { state: 'UPGRADING', build: next, updated: 3 }, 6));
  one.begin(0);
  one.power('on');
  one.end();
  const trial = bootLines({ bank: 6, build: next, states: ['VALID', 'UPGRADING'] }).slice(0, 20);
  one.begin(0);
  one.lines(trial);
  one.power('cut');
  one.booted(trial, 'power cut', 6, next);
  one.end('passed', 'after 16.2 s');
  one.disk('power cut', diskMark({}, { state: 'DIRTY', build: next, updated: 3 }, 5));
  one.begin(0);
  one.power('on');
  one.end();
  const second = bootLines({ states: ['VALID', 'DIRTY'] }).slice(0, 22);
  one.begin(0);
  one.lines(second);
  one.fault('disk reads of partition 5 fail');
  one.lines(
    [
      {
        seconds: 3,
        text: '[   12.440127] I/O error, dev nvme0n1, sector 30744 op 0x0:(READ) flags 0x80700',
      },
      { seconds: 3.1, text: '[   12.440391] SQUASHFS error: Failed to read block 0x14b2c1: -5' },
      {
        seconds: 9.7,
        text: 'twinbank: unhealthy build=0.1.0-1 bank=5 boot=28.1s agents: vmkd does not answer',
      },
    ].map(({ seconds, text }) => ({ seconds: seconds + 18.33, text })),
  );
  one.wait(60);
  one.booted(second, 'timeout', 5, old);
  one.end('failed', undefined, {
    code: 'scenario.boot',
    message:
      'expected the ready line of bank 5 within 90 s, found no line for 61.9 s after "vmkd does not answer"',
    place: { file: 'scenarios/update-power-cut.yaml', line: 31, column: 7 },
    lines: second
      .slice(-6)
      .map(({ text }) => text)
      .concat([
        '[   12.440127] I/O error, dev nvme0n1, sector 30744 op 0x0:(READ) flags 0x80700',
        '[   12.440391] SQUASHFS error: Failed to read block 0x14b2c1: -5',
        'twinbank: unhealthy build=0.1.0-1 bank=5 boot=28.1s agents: vmkd does not answer',
      ]),
  });
  one.disk(
    'failed',
    diskMark({ attempts: 1 }, { state: 'INVALID', verdict: 'T', build: next, updated: 3 }),
  );
  one.kept('screenshot', 'when it failed', 'update-power-cut/failed.png');
  for (const name of ['console.log', 'boot-journal.txt', 'disk.qcow2']) {
    one.kept('artefact', name.replace(/\..*/, '').replace('-', ' '), `update-power-cut/${name}`);
  }
  one.done('failed');
}

function fallback(stream: Stream): void {
  const one = stream.scenario('fallback-after-panic', {
    variant: { firmware: 'bios', disk: 'virtio', fault: 'kernel-panic' },
    description:
      'A trial that panics is reset by the kernel; the loader takes the bank that was used before.',
    steps: [
      'flash',
      'update to 1.1.0',
      'inject kernel-panic into bank 6',
      'power on',
      'expect bank 5',
    ],
  });
  const next = { build: '1.1.0-2', updated: 3 };
  one.begin(2.6);
  one.end('passed', '752 MiB');
  one.begin(4);
  one.end('passed', '46.6 MiB written, read back');
  one.disk('updated', diskMark({}, { ...next, state: 'UPGRADING' }, 6));
  one.begin(0);
  one.end('passed');
  one.begin(0);
  one.power('on');
  one.fault('kernel-panic in bank 6');
  const panic = panicLines(6, '1.1.0-2');
  one.lines(panic);
  one.booted(panic, 'panic', 6, '1.1.0-2');
  one.disk('after the panic', diskMark({}, { ...next, state: 'DIRTY' }));
  one.end('passed');
  one.begin(0);
  one.power('reset');
  const good = bootLines({ states: ['VALID', 'DIRTY'] });
  one.lines(good);
  one.booted(good);
  one.end('passed', 'bank 5, 0.1.0-1, 19.8 s');
  one.disk('ready', diskMark({}, { ...next, state: 'INVALID', verdict: 'T' }));
  one.done('passed');
}

function network(stream: Stream, attempt: number): void {
  const one = stream.scenario('update-from-web-server', {
    attempt,
    variant: { firmware: 'uefi', disk: 'virtio' },
    description:
      'The running host fetches a bundle from a web server that breaks off, and goes on where it was.',
    steps: ['power on', 'update.apply over HTTP', 'expect bank 6 UPGRADING'],
  });
  const lines = bootLines({ slower: 1.1 });
  one.begin(0);
  one.power('on');
  one.lines(lines);
  one.booted(lines);
  one.end('passed', 'bank 5');
  one.begin(30);
  if (attempt === 1) {
    const message = 'expected the update to end within 30 s, found 71 % after 30 s';
    one.end('failed', undefined, { code: 'scenario.timeout', message });
    one.done('failed');
    return;
  }
  one.end('passed', '46.6 MiB, 3 connections');
  one.begin(0.1);
  one.end('passed');
  one.disk('updated', diskMark({}, { state: 'UPGRADING', build: '1.1.0-2', updated: 3 }, 6));
  one.done('passed');
}
