import type { CimHost, HwmonReading } from './provider.ts';

type Kind = HwmonReading['kind'];

/** What one unit of the kernel's number is (kernel documentation, hwmon/sysfs-interface): a thousandth, or millionth. */
const scales: Readonly<Record<Kind, number>> = {
  temp: 1e3,
  fan: 1,
  in: 1e3,
  curr: 1e3,
  power: 1e6,
};

const limitNames = ['min', 'max', 'crit', 'lcrit', 'emergency', 'max_hyst', 'crit_hyst', 'cap'];
const folder = '/sys/class/hwmon';

/** Every sensor of every hwmon chip, in the kernel's order. */
export function readHwmon(host: Pick<CimHost, 'read' | 'list'>): HwmonReading[] {
  const byNumber = (a: string, b: string): number => numberOf(a) - numberOf(b);
  return [...host.list(folder)]
    .sort(byNumber)
    .flatMap((name) => readChip(host, `${folder}/${name}`));
}

function readChip({ read, list }: Pick<CimHost, 'read' | 'list'>, chip: string): HwmonReading[] {
  const names = new Set(list(chip));
  const name = read(`${chip}/name`) ?? chip.slice(folder.length + 1);
  // The chip of an NVMe drive belongs to its controller, which lies below the PCI device.
  const uevents = ['device', 'device/device'].map((one) => read(`${chip}/${one}/uevent`) ?? '');
  const device = /^PCI_SLOT_NAME=(.+)$/m.exec(uevents.join('\n'))?.[1] ?? name;
  return [...names].flatMap((file): HwmonReading[] => {
    const [, channel = '', kind] =
      /^((temp|fan|in|curr|power)\d+)_(?:input|average)$/.exec(file) ?? [];
    // A meter of power may have both; the average is what is measured then.
    if (channel === '' || (file.endsWith('_input') && names.has(`${channel}_average`))) return [];
    const of = kind as Kind;
    const number = (suffix: string): number | undefined => {
      const text = names.has(`${channel}_${suffix}`)
        ? read(`${chip}/${channel}_${suffix}`)
        : undefined;
      return text !== undefined && /^-?\d+$/.test(text) ? Number(text) / scales[of] : undefined;
    };
    const limits = limitNames.flatMap((limit) => {
      const value = number(limit);
      return value === undefined ? [] : [[limit, value] as const];
    });
    const alarms = [...names].filter(
      (one) => one.startsWith(`${channel}_`) && one.endsWith('alarm'),
    );
    return [
      {
        chip: name,
        device,
        channel,
        kind: of,
        folder: chip,
        label: (names.has(`${channel}_label`) && read(`${chip}/${channel}_label`)) || channel,
        value: number(file.endsWith('_average') ? 'average' : 'input'),
        limits: Object.fromEntries(limits),
        alarm: alarms.some((one) => read(`${chip}/${one}`) === '1'),
      },
    ];
  });
}

function numberOf(name: string): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}
