import { choice } from '../../../recipe/field.ts';
import { pattern, several } from '../fields.ts';
import { defineExpectation, right, wrong } from './expectation.ts';

export const system = defineExpectation({
  key: 'is',
  schema: choice(['ready', 'unhealthy', 'rescue', 'off']),
  meaning:
    'What has become of the machine: ready, unhealthy (not healthy, but still up), rescue (no bank can be booted) or off',
  title: (wanted) => wanted,
  look(wanted, { machine, watch }) {
    const lost = machine.lost();
    if (lost) throw lost;
    if (!machine.isOn()) return wanted === 'off' ? right('off') : wrong('off');
    const boot = watch.boots.at(-1);
    const ill = watch.illMs() > 0;
    const found =
      boot?.outcome === 'healthy'
        ? 'ready'
        : ill
          ? 'unhealthy'
          : (boot?.outcome ?? 'a boot that goes on');
    const where = boot?.booted ? `${found}: bank ${boot.booted}, ${boot.build ?? '?'}` : found;
    return found === wanted ? right(where) : wrong(where);
  },
});

export const consoleLines = defineExpectation({
  key: 'console',
  schema: several(pattern(), 'a regular expression or a list of them'),
  list: true,
  meaning: 'Console lines since the last act (boot, reset, key …) that match, one after another',
  title: (wanted) => `console ${wanted.join(', ')}`,
  look(wanted, { watch, state }) {
    let at = state.from;
    let last = '';
    for (const expression of wanted) {
      const index = watch.lines.findIndex(
        ({ text }, number) => number >= at && expression.test(text),
      );
      const line = watch.lines[index];
      if (!line)
        return wrong(`no line like ${expression}${last && ` after ${JSON.stringify(last)}`}`);
      last = line.text;
      at = index + 1;
    }
    return right(last);
  },
});

export const notConsole = defineExpectation({
  key: 'not-console',
  schema: several(pattern(), 'a regular expression or a list of them'),
  list: true,
  once: true,
  meaning: 'No console line since the last act matches any of these',
  title: (wanted) => `no console line ${wanted.join(', ')}`,
  look(wanted, { watch, state }) {
    const line = watch.lines
      .slice(state.from)
      .find(({ text }) => wanted.some((expression) => expression.test(text)));
    return line ? wrong(JSON.stringify(line.text)) : right('none');
  },
});
