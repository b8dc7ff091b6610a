import { z } from 'zod';
import { map } from '../../../recipe/field.ts';
import { pattern } from '../fields.ts';
import { askVmkd, instancesAnswer } from '../vmkd-answer.ts';
import { defineExpectation, right, wrong } from './expectation.ts';

const number = (what: string) => z.number({ error: 'a number' }).optional().describe(what);

export const sensor = defineExpectation({
  key: 'sensor',
  schema: map({
    name: pattern().describe("The sensor's name contains this"),
    min: number('Least value, in its unit'),
    max: number('Greatest value, in its unit'),
  }),
  meaning: 'Every sensor with a name that matches, and there is one, reads within these limits',
  power: 'on',
  needs: ['vmkd'],
  title: ({ name, min, max }) => `sensor ${name} from ${min ?? 'any'} to ${max ?? 'any'}`,
  async look({ name, min = -Infinity, max = Infinity }, { machine, timeoutMs }) {
    const params = { class: 'CIM_NumericSensor' };
    const answer = await askVmkd(machine, instancesAnswer, 'cim.instances', params, timeoutMs);
    const readings = answer.instances.map(({ properties }) => readingOf(properties));
    const found = readings.filter((one) => name.test(one.name));
    const text = found.map((one) => `${one.name}: ${one.value ?? 'no value'}`).join(', ');
    if (found.length === 0)
      return wrong(`none among ${readings.map((one) => one.name).join(', ') || 'no sensors'}`);
    const good = found.every(({ value }) => value !== undefined && value >= min && value <= max);
    return good ? right(text) : wrong(text);
  },
});

/** A reading is CurrentReading times 10 to UnitModifier, in BaseUnits (DSP1009). */
function readingOf({
  ElementName,
  CurrentReading,
  UnitModifier,
}: Readonly<Record<string, unknown>>) {
  const read = typeof CurrentReading === 'number';
  const value = read ? CurrentReading * 10 ** Number(UnitModifier ?? 0) : undefined;
  return { name: String(ElementName ?? ''), value };
}
