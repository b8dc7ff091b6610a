import type { Method } from '../../../protocol/json-rpc.ts';
import type { CheckName } from '../boot/system-settings.ts';

/** What an agent says of its own work. */
export interface AgentProblem {
  /** As of its row: the check that it counts for. */
  readonly check: CheckName;
  readonly why: string;
  /** It has been so for so long that a person is to know of it. */
  readonly lasts: boolean;
}

export interface AgentHealth {
  /** Asks from now on. */
  begin(methods: Readonly<Record<string, Method>>): void;
  /** Of each agent that has not said yet that it does its work, one. */
  problems(): readonly AgentProblem[];
}

export interface AgentHealthOptions {
  /** As of `Agent`. */
  readonly rows: readonly {
    readonly name: string;
    readonly health?: {
      readonly check: CheckName;
      readonly method: string;
      problem(answer: unknown): string | undefined;
    };
  }[];
  /** Milliseconds. Default 15 s, and 5 min. */
  readonly times?: { readonly interval: number; readonly lasting: number };
  /** Milliseconds; passes whatever the clock is set to. */
  readonly now?: () => number;
}

const defaultTimes = { interval: 15_000, lasting: 300_000 };

/**
 * Asks agents whether they can do their work, by what their rows say: a time server that does not answer, a log target that cannot be
 * reached. That their processes run is another check's. What has only begun (a connection, a clock that is being set) is no news.
 */
export function agentHealth(options: AgentHealthOptions): AgentHealth {
  const { rows, times = defaultTimes, now = () => performance.now() } = options;
  const asked = rows.flatMap(({ name, health }) => (health ? [{ name, ...health }] : []));
  const since = now();
  const found = new Map<string, { readonly why: string; readonly since: number }>(
    asked.map(({ name }) => [name, { why: `${name} has not said yet how it is`, since }]),
  );
  const ask = async (
    { name, method, problem }: (typeof asked)[number],
    methods: Readonly<Record<string, Method>>,
  ): Promise<void> => {
    try {
      const why = problem(await methods[`${name}.${method}`]?.({}));
      if (why === undefined) found.delete(name);
      else found.set(name, { why, since: found.get(name)?.since ?? now() });
    } catch {
      // One that does not run is ill by its own check.
    }
  };
  return {
    begin(methods) {
      const askAll = (): void => void Promise.all(asked.map((one) => ask(one, methods)));
      askAll();
      setInterval(askAll, times.interval);
    },
    problems: () =>
      asked.flatMap(({ name, check }) => {
        const one = found.get(name);
        if (!one) return [];
        return [{ check, why: one.why, lasts: now() - one.since >= times.lasting }];
      }),
  };
}
