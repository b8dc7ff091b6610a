import type { AddressPort, AddressSource, HeldAddress } from './held-address.ts';

/** A taken address is tried again so often: the other host may have gone. */
const againMs = 60_000;

/**
 * The address of the settings. It is used unless another host has it, which is asked for each time that the cable comes.
 * Without a cable nobody can be asked, and nobody is disturbed. `settled` resolves when that is known for the first time.
 */
export function staticAddress(
  wanted: { readonly address: string; readonly prefix: number },
  port: AddressPort,
): AddressSource & { readonly settled: Promise<void> } {
  const { address, prefix } = wanted;
  const own: HeldAddress = {
    from: 'static',
    address,
    prefix,
    router: '',
    dns: [],
    search: [],
    timeServers: [],
  };
  let held: HeldAddress | undefined;
  let problem: string | undefined;
  let stopped = false;
  let callOff = (): void => {};
  const settle = (next: typeof held, why: typeof problem): void => {
    const isNews = held !== next || problem !== why;
    held = next;
    problem = why;
    if (isNews) port.changed();
  };
  const probe = async (): Promise<void> => {
    callOff();
    const isTaken = port.hasLink() && (await port.isTaken(address));
    if (stopped) return;
    if (!isTaken) return settle(own, undefined);
    settle(undefined, `${address} is in use by another host, so ${port.name} does not take it`);
    callOff = port.after(againMs, () => void probe());
  };
  const settled = probe();
  return {
    settled,
    held: () => held,
    problem: () => problem,
    linkUp: () => void probe(),
    async stop() {
      stopped = true;
      callOff();
    },
  };
}
