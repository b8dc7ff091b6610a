/** What the path of a disk does not tell. */
export interface AddressHints {
  /** Number of an ATA port at its controller, from 1; '' of other disks. */
  readonly port: string;
  /** Number of an NVMe namespace, from 1; '' of other disks. */
  readonly namespace: string;
}

/**
 * The controller that a disk is behind, of the disk's place below `/sys/devices`: the last PCI function, at USB the interface of its
 * device, elsewhere whatever is before the host or the disk.
 */
export function adapterPath(path: string): string {
  const usb = /^.*\/\d+-[\d.]+:\d+\.\d+(?=\/)/.exec(path);
  if (usb) return usb[0];
  const pci = /^.*\/[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7](?=\/)/.exec(path);
  return pci ? pci[0] : path.replace(/\/(host\d+|block|nvme)\/.*$/, '');
}

/**
 * Where a disk is at its controller, in the words that administrators of the family know: channel, target, LUN. A port of ATA is a
 * channel, a namespace of NVMe a LUN (from 0), and a disk that is its own controller (virtio) is the only one there.
 */
export function diskAddress(path: string, { port, namespace }: AddressHints): string {
  if (Number(namespace) > 0) return `C0:T0:L${Number(namespace) - 1}`;
  const [channel = '0', target = '0', unit = '0'] =
    /\/\d+:(\d+):(\d+):(\d+)\/block\//.exec(path)?.slice(1) ?? [];
  return `C${Number(port) > 0 ? Number(port) - 1 : channel}:T${target}:L${unit}`;
}
