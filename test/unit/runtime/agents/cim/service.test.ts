import { expect, test } from 'vitest';
import { answerForms } from '../../../../../src/runtime/agents/cim/agent.ts';
import { classesForm } from '../../../../../src/runtime/agents/cim/answer-forms.ts';
import type { CimClass } from '../../../../../src/runtime/agents/cim/provider.ts';
import type { ProviderDescription } from '../../../../../src/runtime/agents/cim/provider-description.ts';
import type { ProviderProcessOptions } from '../../../../../src/runtime/agents/cim/provider-process.ts';
import { cimService } from '../../../../../src/runtime/agents/cim/service.ts';

const fan: CimClass = {
  name: 'Acme_Fan',
  superclass: 'CIM_Fan',
  description: 'A fan',
  properties: {},
};
const description: ProviderDescription = {
  schemaVersion: 1,
  origin: 'acme',
  name: 'fans',
  api: 1,
  classes: [fan],
  monitors: true,
  programs: {},
  writes: [],
  devices: [],
};

/** The object manager over files in memory, natively; a provider answers each call with no instances. */
function service(files: Readonly<Record<string, unknown>>) {
  const reports: string[] = [];
  const started: string[] = [];
  const providers = new Map<string, Pick<ProviderProcessOptions, 'onIndication'>>();
  const made = cimService(
    { providers: Object.keys(files), smbiosTable: '/run/smbios' },
    {
      systemName: 'esx1',
      now: () => new Date(0),
      readText: (path) => {
        const file = files[path];
        if (file instanceof Error) throw file;
        return typeof file === 'string' ? file : JSON.stringify(file);
      },
      provider: (bundle, options) => {
        providers.set(bundle, options);
        return {
          description: options.description,
          start: () => void started.push(bundle),
          stop: () => {},
          call: async () => [],
        };
      },
      report: (why) => void reports.push(why),
    },
  );
  return { ...made, reports, started, providers };
}

test('starts each provider by the bundle beside its description, and knows its classes', async () => {
  const { methods, start, started, reports } = service({ '/cim/acme/fans.json': description });
  start();
  expect(started).toEqual(['/cim/acme/fans.mjs']);
  expect(await methods.class({ name: 'Acme_Fan' })).toMatchObject({ provider: 'acme/fans' });
  expect(reports).toEqual([]);
});

test('goes on without a description that is gone, damaged, or for another interface', async () => {
  const { reports, started, start } = service({
    '/a.json': new Error("ENOENT: no such file or directory, open '/a.json'"),
    '/b.json': '{',
    '/c.json': { ...description, classes: [{ ...fan, properties: { Speed: { type: 'int' } } }] },
    '/d.json': { ...description, api: 2 },
    '/e.json': description,
  });
  expect(reports).toEqual([
    "/a.json: ENOENT: no such file or directory, open '/a.json'",
    '/b.json: expected JSON, found "{"',
    expect.stringMatching(
      /^\/c\.json\.classes\[0\]\.properties\.Speed\.type: expected boolean or /,
    ),
    '/d.json: expected a provider for interface 1, found one for 2',
  ]);
  start();
  expect(started).toEqual(['/e.mjs']);
});

test('logs indications of a provider, and reports one that is not of its class', async () => {
  const { methods, providers, reports } = service({ '/fans.json': description });
  const raise = providers.get('/fans.mjs')?.onIndication;
  raise?.('CIM_AlertIndication', { AlertType: 6, ProbableCause: 51, Message: 'It stands' });
  raise?.('CIM_None', {});
  const page = await methods.indications({});
  expect(page).toMatchObject({ indications: [{ properties: { Message: 'It stands' } }] });
  expect(reports).toEqual([expect.stringMatching(/^indication of acme\/fans: /)]);
});

test('keeps no indication that would take the memory of all others', async () => {
  const { methods, providers, reports } = service({ '/fans.json': description });
  const raise = providers.get('/fans.mjs')?.onIndication;
  raise?.('CIM_AlertIndication', { AlertType: 6, ProbableCause: 51, Message: 'x'.repeat(40_000) });
  expect(await methods.indications({})).toMatchObject({ indications: [] });
  expect(reports).toEqual([expect.stringContaining('expected at most 32768 characters')]);
});

test('answers in the forms by which vmkd hands its answers on, for every class that there is', async () => {
  const { methods } = service({ '/fans.json': description });
  const ask = async (name: keyof typeof methods, params: Record<string, unknown> = {}) => {
    const answer: unknown = JSON.parse(JSON.stringify(await methods[name](params)));
    answerForms[name](answer, name);
    return answer;
  };
  const { classes } = classesForm(await ask('classes'), 'classes');
  expect(classes.length).toBeGreaterThan(20);
  for (const { name } of classes) await ask('class', { name });
  await ask('instances', { class: 'CIM_ManagedElement' });
  await ask('indications');
});
