/** What kernel_power_off and kernel_halt say last, whatever the log level (Linux kernel/reboot.c). */
const lastWords = ['reboot: Power down', 'reboot: System halted'];

/** Whether the kernel tells with this line that the system is down: nothing more comes before the power is off. */
export function tellsSystemDown(line: string): boolean {
  return lastWords.some((words) => line.includes(words));
}
