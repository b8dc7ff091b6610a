import { pathToFileURL } from 'node:url';
import { parseJson } from '../../../protocol/form.ts';
import { cimHost } from './host.ts';
import type { CimProvider } from './provider.ts';
import { type FromProvider, setupForm, type ToProvider } from './provider-message.ts';
import { failureOf, type Operation, operateProvider } from './provider-operations.ts';

/**
 * The process of one provider: loads its bundle, answers the object manager over Node's channel, and ends with it.
 * What is printed goes nowhere.
 */
const setup = parseJson(process.argv[2] ?? '', setupForm, 'the first argument');
const ending = new AbortController();
const send = (message: FromProvider): void => void process.send?.(message);
process.once('disconnect', () => process.exit(0));
// Node ends the process for a rejection that nobody handles; so that the agent can say why:
const fatal = (error: unknown): void => {
  send({ fatal: failureOf(error).message });
  process.exit(1);
};
process.on('uncaughtException', fatal);

const { provider } = (await import(pathToFileURL(setup.bundle).href)) as { provider: CimProvider };
const host = cimHost({
  ...setup,
  now: () => new Date(),
  indicate: (className, instance) => send({ indication: { className, instance } }),
  signal: ending.signal,
});
const operate = operateProvider(provider, host);
process.on('message', async ({ id, operation }: ToProvider) => {
  try {
    send({ id, result: await operate(operation as Operation) });
  } catch (error) {
    send({ id, error: failureOf(error) });
  }
});
send({ ready: true });
if (provider.monitor) {
  provider.monitor(host).then(
    () => send({ monitorEnded: 'it returned' }),
    (error) => send({ monitorEnded: failureOf(error).message }),
  );
}
