import { expect, it } from 'vitest';
import { devicePlace } from '../../../../src/runtime/system/device-place.ts';

it.each([
  ['/sys/devices/pci0000:00/0000:00:03.0/virtio7', 'pci0000:00/03.0'],
  ['/sys/devices/pci0000:00/0000:00:1c.0/0000:02:00.1', 'pci0000:00/1c.0/00.1'],
  ['pci0000:00/0000:00:1f.2', 'pci0000:00/1f.2'],
  ['/sys/devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0', 'pci0000:00/14.0/usb1/1-4/1-4:1.0'],
  ['vbd-51712', 'vbd-51712'],
])('B4: gives %s a name that no other device changes', (path, place) => {
  expect(devicePlace(path)).toBe(place);
});

it('B4: is the same where a card before has moved the buses', () => {
  const before = devicePlace('/sys/devices/pci0000:00/0000:00:1d.0/0000:01:00.0/virtio1');
  expect(devicePlace('/sys/devices/pci0000:00/0000:00:1d.0/0000:03:00.0/virtio4')).toBe(before);
});
