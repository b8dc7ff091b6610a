import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { writingAt } from '../../diagnostics/system-error.ts';
import type { GptPartition } from '../../disk/gpt-entry.ts';
import { list, object, text } from '../../protocol/form.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import type { LiveFault } from '../faults/fault.ts';
import { faultyPartition } from '../faults/faulty-partition.ts';
import { storePath } from '../faults/live-fault-rows.ts';
import { defaultMachine } from './machine.ts';
import type { QemuOptions } from './qemu-hardware.ts';

/** The node of the disk's image, and those of the filters over it. */
export const imageNode = 'image';
const filters = ['errors', 'delay'] as const;
const delayGroup = 'delay-group';

/**
 * Requests of a system are made of such pages, so that a rule for the first sector of each sees every one of them
 * (QEMU's blkdebug has rules for single sectors, not for ranges).
 */
const pageSectors = 8;
const eio = 5;

/** Why QEMU cannot play a live fault, as a clause; undefined: it can. */
export function whyNotInQemu(
  fault: LiveFault,
  { network = defaultMachine.network }: QemuOptions,
): string | undefined {
  if (fault.live === 'network-down' && !network) return 'the machine has no network';
  if (fault.live === 'disk-full' && fault.path === storePath) {
    return 'the store is filled on a simulated machine only';
  }
  return undefined;
}

/** Where live faults act. */
export interface LiveTarget {
  readonly qmp: RpcClient;
  /** For files that QEMU reads. */
  readonly folder: string;
  readonly partitions: readonly GptPartition[];
  /** Whether it has a card. */
  readonly network: boolean;
}

/** Makes a running QEMU play these faults and no others: filters between its disk device and the image. */
export async function playLive(target: LiveTarget, faults: readonly LiveFault[]): Promise<void> {
  const { qmp } = target;
  const up = faults.every(({ live }) => live !== 'network-down');
  if (target.network) await qmp.call('set_link', { name: 'net', up });
  const { path, node } = await diskDevice(qmp);
  const attach = (value: string) => qmp.call('qom-set', { path, property: 'drive', value });
  // QEMU 7.2 ends when a device is given the node that it has.
  if (node !== imageNode) await attach(imageNode);
  await removeFilters(qmp);
  let top: string = imageNode;
  const errors = faults.filter((fault) => fault.live === 'io-error');
  if (errors.length > 0) {
    const config = join(target.folder, 'errors.conf');
    const rows = errors.map((fault) => errorRules(fault, target.partitions)).join('');
    await writingAt(config, () => writeFile(config, rows));
    const rules = { driver: 'blkdebug', 'node-name': filters[0], image: top, config };
    await qmp.call('blockdev-add', rules);
    top = filters[0];
  }
  const delay = faults.find((fault) => fault.live === 'disk-latency');
  if (delay) {
    const limits = { 'iops-total': Math.max(1, Math.round(1000 / delay.milliseconds)) };
    await qmp.call('object-add', { 'qom-type': 'throttle-group', id: delayGroup, limits });
    const throttle = { driver: 'throttle', 'throttle-group': delayGroup, file: top };
    await qmp.call('blockdev-add', { ...throttle, 'node-name': filters[1] });
    top = filters[1];
  }
  if (top !== imageNode) await attach(top);
}

/** What is read of QEMU's answers (QEMU docs/interop/qemu-qmp-ref). */
const nodesForm = list(object({ 'node-name': text }));
const blocksForm = list(
  object({ device: text }, { qdev: text, inserted: object({ 'node-name': text }) }),
);

/** What the guest sees as its disk, and the node that it has: a USB disk is one behind its adapter. */
async function diskDevice(qmp: RpcClient): Promise<{ path: string; node: string }> {
  const blocks = blocksForm(await qmp.call('query-block'), 'query-block');
  const { qdev, inserted } = blocks.find(({ device }) => device === 'disk') ?? {};
  if (qdev !== undefined && inserted) {
    return { path: qdev.replace(/\/virtio-backend$/, ''), node: inserted['node-name'] };
  }
  throw new TwinbankError('boot', 'harness.qemu', 'expected the disk among the devices of QEMU');
}

async function removeFilters(qmp: RpcClient): Promise<void> {
  const answer = await qmp.call('query-named-block-nodes', { flat: true });
  const nodes = nodesForm(answer, 'query-named-block-nodes');
  for (const node of [...filters].reverse()) {
    if (!nodes.some((one) => one['node-name'] === node)) continue;
    await qmp.call('blockdev-del', { 'node-name': node });
    if (node === 'delay') await qmp.call('object-del', { id: delayGroup });
  }
}

/** In the form of QEMU's docs/devel/blkdebug: rules that hold from the moment that the node is there. */
function errorRules(
  fault: Extract<LiveFault, { live: 'io-error' }>,
  partitions: readonly GptPartition[],
): string {
  const rule = (sector: string): string =>
    `[inject-error]\nevent = "none"\niotype = "${fault.on}"\nerrno = "${eio}"\n${sector}`;
  const place = faultyPartition(fault, partitions);
  if (!place) return rule('');
  const { firstLba, lastLba } = place;
  const pages = Math.ceil((lastLba - firstLba + 1) / pageSectors);
  return Array.from({ length: pages }, (_, page) =>
    rule(`sector = "${firstLba + page * pageSectors}"\n`),
  ).join('');
}
