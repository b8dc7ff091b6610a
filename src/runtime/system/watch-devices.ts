import { textOf } from './sys-files.ts';

export interface DeviceWatch {
  /** Called once after each group of changes, and again only when it has come back. */
  onChange(): Promise<void>;
  /** Hears why `onChange` failed, one sentence; the watch goes on. */
  onError(message: string): void;
  /** The number of the kernel's last event (uevent): it rises with each device that comes, goes or changes. */
  readNumber?(): string;
  readonly pauseMs?: number;
}

/** So that a change is seen, its driver loaded and its disk found within two seconds. */
const lookMs = 500;

/**
 * Watches for devices that come and go, for as long as the system runs. Node has no netlink, and the kernel's own notice of events would
 * start a program for each; the number of the last event is one small file to read. Events come in groups (a disk, its queue, its
 * partitions), so it waits until one interval has passed without a further one, but never more than four.
 * @returns ends the watch
 */
export function watchDevices(watch: DeviceWatch): () => void {
  const { onChange, onError, readNumber = kernelEventNumber, pauseMs = lookMs } = watch;
  let seen = readNumber();
  let last = seen;
  let waited = 0;
  let busy = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    const now = readNumber();
    const isQuiet = now === last;
    last = now;
    if (now === seen) return;
    waited++;
    if (!isQuiet && waited < 4) return;
    waited = 0;
    busy = true;
    seen = now;
    await onChange().catch(({ message }: Error) => onError(message));
    busy = false;
  };
  const timer = setInterval(() => void look(), pauseMs);
  timer.unref();
  return () => clearInterval(timer);
}

function kernelEventNumber(): string {
  return textOf('/sys/kernel/uevent_seqnum');
}
