import { type Form, list, nullable, number, object, oneOf, text } from '../protocol/form.ts';

/** What vmkd's methods `worlds.*` answer (docs/vmkd.md), for whoever asks as well. */
export const worldStates = [
  'waiting',
  'idle',
  'starting',
  'running',
  'pausing',
  'failed',
  'stopping',
  'stopped',
] as const;

const worldForm = object({
  name: text,
  /** Its user's name; `root` runs without a world. */
  user: text,
  state: oneOf(...worldStates),
  /** Of the process that vmkd has started; null where there is none. */
  pid: nullable(number),
  /** Why it does not do its work now. */
  problem: nullable(text),
  /** Since vmkd was started. */
  restarts: number,
  /** How it ended the last time that nobody wanted it to; `time` is in seconds since 1970. */
  lastEnd: nullable(object({ why: text, time: number })),
});

/** Each member is null where the kernel does not tell, and a `max` where there is no limit. */
const usage = {
  name: text,
  /** Bytes. */
  memory: object({
    current: nullable(number),
    peak: nullable(number),
    max: nullable(number),
    swap: nullable(number),
    /** What is not taken from it while it uses it. */
    reserved: nullable(number),
    /** How often something of it was ended as there was no memory left. */
    ended: nullable(number),
  }),
  processorSeconds: nullable(number),
  cpuWeight: nullable(number),
  /** Threads. */
  processes: object({ current: nullable(number), max: nullable(number) }),
};

export const worldsListForm = object({ worlds: list(worldForm) });
export const worldsStatsForm = object({
  worlds: list(
    object({
      ...usage,
      /** To other agents, since vmkd was started; what was refused its row does not have, or was too much. */
      connections: object({ made: number, refused: number }),
    }),
  ),
  pools: list(object(usage)),
  /** The one swap file of all worlds, in bytes; null where there is none. */
  swap: nullable(object({ path: text, size: number, used: number })),
});
export const worldRestartForm = object({ name: text, state: oneOf(...worldStates) });

type ValueOf<F> = F extends Form<infer T> ? T : never;
export type WorldsList = ValueOf<typeof worldsListForm>;
export type WorldsStats = ValueOf<typeof worldsStatsForm>;
