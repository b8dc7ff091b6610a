import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { serveHandedSocket } from '../../system/unix-socket.ts';
import { descriptors } from './agent.ts';
import { followKernelLog, readLast, recordReader, writeLast } from './kernel-log.ts';
import { openLink } from './links.ts';
import { readClient } from './local-clients.ts';
import { logFolder, logLimits } from './log-files.ts';
import { syslogMethods } from './methods.ts';
import { syslogService } from './service.ts';
import { parseSetup } from './setup.ts';

/**
 * The log of the host: a user world of vmkd without privileges. vmkd opens what it listens at and reads, hands it over, and has made
 * the folder that the files are in.
 */
const { targets, ...trust } = parseSetup(process.argv[2] ?? '');
const failed = (error: Error): void => {
  throw error;
};

const service = syslogService(targets, {
  ...logLimits,
  folder: logFolder,
  hostname: hostname(),
  now: Date.now,
  openLink: (target, events) => openLink(target, trust, events),
});
serveHandedSocket(syslogMethods(service), failed);

// 1. What the kernel, vmkd and the agents have said, and say.
const lastPath = join(logFolder, '.kernel-log');
followKernelLog({
  read: recordReader(descriptors.kernelLog),
  bootedAt: () => Date.now() - Number(process.hrtime.bigint() / 1_000_000n),
  last: readLast(lastPath),
  onRead: (last) => {
    try {
      writeLast(lastPath, last);
    } catch {
      // The folder is full. An agent that is started again then reads some records twice.
    }
  },
  take: service.take,
});

// 2. What programs say by syslog(3).
const mostClients = 256;
const server = createServer((socket) => readClient(socket, service.takeText));
server.maxConnections = mostClients;
server.on('error', failed);
server.listen({ fd: descriptors.programs });
