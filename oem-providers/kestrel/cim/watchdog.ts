import { type CimHost, type CimInstance, defineProvider } from 'twinbank/cim';

const folder = '/sys/class/watchdog';

/** The hardware watchdogs as the kernel shows them (kernel documentation, ABI/testing/sysfs-class-watchdog). */
function watchdogs(host: CimHost): CimInstance[] {
  return host.list(folder).map((name) => {
    const of = (attribute: string): string | undefined =>
      host.read(`${folder}/${name}/${attribute}`);
    const seconds = Number(of('timeout') ?? Number.NaN);
    const active = of('state') === 'active';
    return {
      ...{ SystemCreationClassName: 'Twinbank_ComputerSystem', SystemName: host.systemName },
      ...{ DeviceID: name, ElementName: of('identity') ?? name, EnabledState: active ? 2 : 3 },
      ...{ MonitoredEntity: 2, MonitoredEntityDescription: 'vmkd' },
      TimeoutInterval: Number.isNaN(seconds) ? null : seconds * 1_000_000,
      TimerResolution: 1_000_000,
      ActionOnExpiration: 1,
      // One that nothing stops is what this box relies on.
      ...(active && of('nowayout') === '1'
        ? { HealthState: 5, OperationalStatus: [2] }
        : { HealthState: 10, OperationalStatus: [3] }),
      NoWayOut: of('nowayout') === '1',
      LastBootStatus: Number(of('bootstatus') ?? 0),
    };
  });
}

export const provider = defineProvider({
  classes: [
    {
      ...{ name: 'Kestrel_Watchdog', superclass: 'CIM_Watchdog' },
      description: 'A hardware watchdog that resets the box when vmkd no longer feeds it',
      properties: {
        NoWayOut: { type: 'boolean', description: 'Once armed, nothing but a reset stops it' },
        LastBootStatus: {
          type: 'uint32',
          description: 'Flags of the last reset (linux/watchdog.h); 32 is the watchdog',
        },
      },
      enumerate: watchdogs,
    },
  ],
});
