import { Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { parseJson } from '../../../protocol/form.ts';
import { onJsonLine } from '../../../protocol/json-lines.ts';
import { cimHost } from './host.ts';
import type { CimProvider } from './provider.ts';
import {
  channelDescriptor,
  type FromProvider,
  messageLimit,
  setupForm,
  toProviderForm,
} from './provider-message.ts';
import { failureOf, type Operation, operateProvider } from './provider-operations.ts';

/**
 * The process of one provider: loads its bundle, answers the object manager over a socket that it was given, and ends with it.
 * What is printed goes nowhere.
 */
const setup = parseJson(process.argv[2] ?? '', setupForm, 'the first argument');
const ending = new AbortController();
const channel = new Socket({ fd: channelDescriptor });
const send = (message: FromProvider): void => void channel.write(`${JSON.stringify(message)}\n`);
channel.on('error', () => {});
channel.once('close', () => process.exit(0));
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
onJsonLine(
  channel,
  async (message) => {
    const { id, operation } = toProviderForm(message, 'what the object manager asks');
    try {
      send({ id, result: await operate(operation as Operation) });
    } catch (error) {
      send({ id, error: failureOf(error) });
    }
  },
  { limit: messageLimit },
);
send({ ready: true });
if (provider.monitor) {
  provider.monitor(host).then(
    () => send({ monitorEnded: 'it returned' }),
    (error) => send({ monitorEnded: failureOf(error).message }),
  );
}
