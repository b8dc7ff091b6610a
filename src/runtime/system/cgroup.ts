import { mkdirSync, writeFileSync } from 'node:fs';

const group = '/sys/fs/cgroup/vmkd';

/**
 * Moves vmkd into a control group of its own, in which every process that it starts will be, and ends
 * whatever an earlier vmkd left there: a second DHCP client would fight the first. True when there was an
 * earlier vmkd. Without control groups (kernel documentation, cgroup-v2: cgroup.kill) nothing is done.
 */
export function takeOverGroup(folder = group): boolean {
  try {
    const restarted = mkdirSync(folder, { recursive: true }) === undefined;
    if (restarted) writeFileSync(`${folder}/cgroup.kill`, '1');
    writeFileSync(`${folder}/cgroup.procs`, String(process.pid));
    return restarted;
  } catch {
    return false;
  }
}
