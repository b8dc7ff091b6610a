import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lineSplitter } from '../../../protocol/line-splitter.ts';
import { serveHandedSocket } from '../../system/unix-socket.ts';
import { ntpFolder } from './agent.ts';
import { askTracking } from './ask-chronyd.ts';
import { chronyConf, commandPort } from './chrony-conf.ts';
import { ntpStatus } from './service.ts';
import { parseSetup } from './setup.ts';

/** The time of the host: a user world with CAP_SYS_TIME, in which chronyd follows the servers of the settings. */
const { servers, from, watchOnly = false } = parseSetup(process.argv[2] ?? '');
const configuration = '/tmp/chrony.conf';

writeFileSync(configuration, chronyConf({ servers, driftFile: join(ntpFolder, 'drift') }));
// -d: stays, and says on standard error what it does. -U: is not root. -u: and becomes nobody else.
const args = ['-d', '-U', '-u', 'ntp', '-f', configuration, ...(watchOnly ? ['-x'] : [])];
const chronyd = spawn('/usr/sbin/chronyd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
const onLine = lineSplitter((line) => console.log(line.replace(/^\S+T\S+Z /, '')));
chronyd.stderr.on('data', (chunk) => onLine(String(chunk)));
// vmkd starts both anew.
const end = (why: string): void => {
  console.log(`chronyd: ${why}`);
  process.exit(1);
};
chronyd.once('error', ({ message }) => end(message));
chronyd.once('close', (code, signal) => end(`it ended with ${signal ?? `exit code ${code}`}`));

serveHandedSocket(
  { status: () => ntpStatus({ servers, from, tracking: () => askTracking(commandPort) }) },
  (error) => {
    throw error;
  },
);
