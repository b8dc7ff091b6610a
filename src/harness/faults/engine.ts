/** What plays the machine of `boot`. */
export const engines = ['sim', 'qemu'] as const;
export type Engine = (typeof engines)[number];

/** What plays a scenario's machine: these, or the commands of somebody's own rig. */
export const machineKinds = [...engines, 'command'] as const;
export type MachineKind = (typeof machineKinds)[number];
