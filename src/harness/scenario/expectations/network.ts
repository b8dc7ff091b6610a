import { connect } from 'node:net';
import { z } from 'zod';
import { flag, integer, map } from '../../../recipe/field.ts';
import { pattern, several } from '../fields.ts';
import type { StepContext } from '../step-context.ts';
import { defineExpectation, type Finding, right, wrong } from './expectation.ts';

const port = () => integer(1, 65_535);
const askMs = 10_000;

const ports = () => several(port(), 'a TCP port or a list of them');

export const openPorts = defineExpectation({
  key: 'port',
  schema: ports(),
  list: true,
  meaning: 'TCP ports of the host that take connections',
  power: 'on',
  needs: ['network'],
  title: (wanted) => `port ${wanted.join(', ')} open`,
  look: (wanted, context) => lookAt(wanted, true, context),
});

export const closedPorts = defineExpectation({
  key: 'no-port',
  schema: ports(),
  list: true,
  meaning: 'TCP ports of the host that take no connection',
  power: 'on',
  needs: ['network'],
  title: (wanted) => `port ${wanted.join(', ')} closed`,
  look: (wanted, context) => lookAt(wanted, false, context),
});

async function lookAt(
  wanted: readonly number[],
  open: boolean,
  { machine, signal }: StepContext,
): Promise<Finding> {
  for (const number of wanted) {
    const found = await answers(await machine.endpoint(number), signal);
    if (found !== open) return wrong(`port ${number} ${found ? 'open' : 'closed'}`);
  }
  return right(`${wanted.length} of ${wanted.length}`);
}

/** A forwarded port takes every connection: whether somebody is behind it shows when it stays. */
function answers(place: { host: string; port: number }, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...place, signal });
    const finish = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(2000, () => finish(!socket.connecting));
    socket.once('data', () => finish(true));
    socket.once('end', () => finish(false));
    socket.once('error', () => finish(false));
  });
}

export const http = defineExpectation({
  key: 'http',
  schema: map({
    path: z
      .string({ error: 'a path such as /' })
      .regex(/^\//, { error: 'a path such as /' })
      .describe('What is asked for'),
    port: port().optional().describe('Default 443 with tls, 80 without'),
    tls: flag()
      .optional()
      .describe('Default true for every port but 80; certificates are not checked'),
    status: integer(100, 599).optional().describe('Status of the answer; default 200'),
    body: pattern().optional().describe('The answer contains this'),
  }),
  meaning: 'The answer to an HTTP GET',
  power: 'on',
  needs: ['network'],
  title: ({ path, port: number, status = 200 }) =>
    `http ${number === undefined ? '' : `:${number}`}${path} ${status}`,
  async look({ path, port: wanted, tls, status = 200, body }, { machine, signal }) {
    const secure = tls ?? (wanted === undefined || wanted !== 80);
    const place = await machine.endpoint(wanted ?? (secure ? 443 : 80));
    const answer = await get(
      place,
      path,
      secure,
      AbortSignal.any([signal, AbortSignal.timeout(askMs)]),
    );
    if (typeof answer === 'string') return wrong(answer);
    const found = `${answer.status}, ${JSON.stringify(answer.text.slice(0, 200))}`;
    const good = answer.status === status && (body?.test(answer.text) ?? true);
    return good ? right(String(answer.status)) : wrong(found);
  },
});

async function get(
  { host, port: number }: { host: string; port: number },
  path: string,
  secure: boolean,
  signal: AbortSignal,
): Promise<{ status: number; text: string } | string> {
  // Loaded here: most scenarios ask nothing over HTTP.
  const { request } = secure ? await import('node:https') : await import('node:http');
  return new Promise((resolve) => {
    const asked = request(
      { host, port: number, path, signal, ...(secure && { rejectUnauthorized: false }) },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          if (text.length < 1_000_000) text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        answer.on('error', ({ message }) => resolve(`an answer that broke off (${message})`));
      },
    );
    asked.on('error', ({ message }) => resolve(`no answer (${message})`));
    asked.end();
  });
}
