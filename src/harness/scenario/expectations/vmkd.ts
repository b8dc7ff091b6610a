import { z } from 'zod';
import { map } from '../../../recipe/field.ts';
import { parts } from '../fields.ts';
import { askVmkd, statusAnswer } from '../vmkd-answer.ts';
import { callVmkd, vmkdCallShape } from '../vmkd-call.ts';
import { defineExpectation, hasParts, partsText, right, wrong } from './expectation.ts';

export const vmkd = defineExpectation({
  key: 'vmkd',
  schema: map(vmkdCallShape),
  meaning: "vmkd's answer over the virtio-serial port has these parts",
  power: 'on',
  needs: ['vmkd'],
  title: ({ method }) => `vmkd ${method}`,
  look: (wanted, { machine, timeoutMs }) => callVmkd(wanted, machine, timeoutMs),
});

export const health = defineExpectation({
  key: 'health',
  schema: z.string({ error: 'ok, or a regular expression for a problem' }),
  meaning: 'ok: vmkd has no problem; or a problem that matches',
  power: 'on',
  needs: ['vmkd'],
  title: (wanted) => `health ${wanted}`,
  async look(wanted, { machine }) {
    const { problems } = await askVmkd(machine, statusAnswer, 'status');
    const found = problems.length === 0 ? 'no problem' : problems.join('; ');
    if (wanted === 'ok') return problems.length === 0 ? right(found) : wrong(found);
    return problems.some((one) => new RegExp(wanted).test(one)) ? right(found) : wrong(found);
  },
});

export const state = defineExpectation({
  key: 'state',
  schema: parts('a map such as { hostname: esx-lab }'),
  meaning: 'Settings of the running host, as `configure` sets them',
  power: 'on',
  needs: ['vmkd'],
  title: (wanted) => `state ${Object.keys(wanted).join(', ')}`,
  async look(wanted, { machine }) {
    const found = await machine.vmkd.call('config.get');
    const parts = partsText(found, wanted);
    return hasParts(found, wanted) ? right(parts) : wrong(parts);
  },
});
