import { openSync, readdirSync, writeSync } from 'node:fs';

/**
 * The host's hardware watchdogs. init has armed them with the recipe's time and `nowayout`, so they can
 * only be fed: whatever hangs, vmkd included, ends in a reset.
 */
export interface Watchdog {
  /** Devices that are fed now. */
  devices(): readonly string[];
  /** From now on it is not fed any more: the host is reset within the watchdog's time. */
  starve(): void;
}

/**
 * Feeds every watchdog of the host, four times in its time. Without `atOnce` they are not even opened
 * before a quarter of it is over, as the kernel takes opening and closing for food: a vmkd that ends each
 * time soon after its start must not keep the host from its reset.
 */
export function feedWatchdogs(
  seconds: number,
  { atOnce = true, folder = '/dev' }: { atOnce?: boolean; folder?: string } = {},
): Watchdog {
  const names = readdirSync(folder).filter((name) => /^watchdog\d+$/.test(name));
  const open = new Map<string, number>();
  const feed = (): void => {
    for (const name of names.sort()) feedOne(`${folder}/${name}`, open);
  };
  if (atOnce) feed();
  const timer = setInterval(feed, (seconds * 1000) / 4);
  return { devices: () => [...open.keys()], starve: () => clearInterval(timer) };
}

/** One that does not take its food must not keep the others from theirs; if it runs, it resets the host. */
function feedOne(device: string, open: Map<string, number>): void {
  try {
    const fd = open.get(device) ?? openSync(device, 'w');
    open.set(device, fd);
    // Any byte but V will do (Linux, watchdog/watchdog-api).
    writeSync(fd, '\0');
  } catch {
    // Tried again the next time.
  }
}
