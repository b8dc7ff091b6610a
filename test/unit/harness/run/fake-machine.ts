import { memoryDevice } from '../../../../src/disk/block-device.ts';
import { type ConsoleLog, consoleLog } from '../../../../src/harness/console/console-log.ts';
import {
  type Ability,
  type MachineSnapshot,
  notAble,
  type PowerEvent,
  type TestMachine,
} from '../../../../src/harness/machine/test-machine.ts';

export interface FakeScript {
  /** Console lines of the n-th boot, from 1; a line that begins with `!` is a power event. */
  boot?(n: number): readonly string[];
  readonly abilities?: readonly Ability[];
  /** vmkd's answers by method; a method without one never answers. */
  readonly vmkd?: Readonly<Record<string, unknown>>;
  /** Flashing fails so. */
  readonly flash?: Error;
  /** Faults that say afterwards that they never happened. */
  readonly unfired?: readonly string[];
}

export const readyLines = (bank = 5, build = '1.0.0-1'): string[] => [
  'twinbank: loader',
  `twinbank: booting bank ${bank} build=${build}`,
  `twinbank: ready build=${build} bank=${bank} boot=1.0s`,
];

/** Machines that play a script, and what was done to them. */
export function fakeMachines(script: FakeScript = {}) {
  const log: string[] = [];
  const alive = new Set<number>();
  let made = 0;
  return {
    /** Everything that was done, as `MACHINE:what`. */
    log,
    /** Machines that were not disposed of. */
    alive,
    make: async (): Promise<TestMachine> => {
      const number = ++made;
      alive.add(number);
      return machine(
        script,
        (what) => void log.push(`${number}:${what}`),
        () => {
          alive.delete(number);
        },
      );
    },
  };
}

function machine(script: FakeScript, say: (what: string) => void, gone: () => void): TestMachine {
  const log: ConsoleLog = consoleLog(() => 0);
  const listeners: ((event: PowerEvent) => void)[] = [];
  let on = false;
  let boots = 0;
  const power = (what: PowerEvent['what']): void => {
    on = what === 'on' || what === 'reset';
    if (on) boots += 1;
    for (const listener of listeners) listener({ what });
  };
  const play = (): void => {
    for (const line of script.boot?.(boots) ?? readyLines()) {
      const [, event] = /^!(on|off|reset|cut)$/.exec(line) ?? [];
      if (event) power(event as PowerEvent['what']);
      else log.feed(Buffer.from(`${line}\n`));
    }
  };
  const never = new Promise<never>(() => {});
  const unable = async (): Promise<never> => {
    throw notAble('fake', 'this', 'it is not real');
  };
  return {
    kind: 'sim',
    abilities: new Set<Ability>(script.abilities ?? ['vmkd', 'cut', 'loader']),
    hostAddress: undefined,
    canInject: () => true,
    console: log,
    get boots() {
      return boots;
    },
    onPower: (listener) => void listeners.push(listener),
    lost: () => undefined,
    async flash() {
      say('flash');
      if (script.flash) throw script.flash;
    },
    async powerOn() {
      say('on');
      power('on');
      play();
    },
    async powerOff() {
      say('off');
      power('off');
    },
    async reset() {
      say('reset');
      power('reset');
      play();
    },
    async cut() {
      say('cut');
      power('cut');
    },
    isOn: () => on,
    type: unable,
    key: unable,
    atLoader: async () => say('person'),
    screenshot: unable,
    inject: async () => say('inject'),
    heal: async () => say('heal'),
    unfired: () => script.unfired ?? [],
    vmkd: {
      call: async (method) => {
        say(method);
        return script.vmkd && method in script.vmkd ? script.vmkd[method] : never;
      },
    },
    endpoint: unable,
    withDisk: async (use) => use(memoryDevice(new Uint8Array(512))),
    async snapshot() {
      say('snapshot');
      const snapshot: MachineSnapshot = {
        kind: 'sim',
        dispose: async () => say('snapshot gone'),
      };
      return snapshot;
    },
    async restore() {
      say('restore');
      on = true;
      boots = 1;
    },
    async dispose() {
      gone();
      say('gone');
    },
  };
}
