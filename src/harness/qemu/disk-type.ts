export const diskTypes = ['virtio', 'ahci', 'nvme', 'usb', 'pvscsi'] as const;
/** How a disk of a virtual machine is attached. */
export type DiskType = (typeof diskTypes)[number];
