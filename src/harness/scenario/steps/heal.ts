import { defineStep } from '../step.ts';

export const heal = defineStep({
  name: 'heal',
  summary: 'Ends what `inject` began on the running machine',
  shape: {},
  timeoutMs: 60_000,
  title: () => 'heal',
  async run(_spec, play) {
    await play.machine.heal();
    const boot = play.watch.boots.at(-1)?.number ?? 0;
    play.emit({ type: 'fault', boot, text: 'healed' });
    return undefined;
  },
});
