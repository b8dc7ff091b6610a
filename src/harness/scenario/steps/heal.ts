import { defineStep } from '../step.ts';

export const heal = defineStep({
  name: 'heal',
  summary: 'Ends what `inject` began on the running machine',
  shape: {},
  timeoutMs: 60_000,
  title: () => 'heal',
  async run(_spec, context) {
    await context.machine.heal();
    const boot = context.watch.boots.at(-1)?.number ?? 0;
    context.emit({ type: 'fault', boot, text: 'healed' });
    return undefined;
  },
});
