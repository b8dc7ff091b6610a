import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseJson } from '../../../protocol/form.ts';
import { serveHandedSocket } from '../../system/unix-socket.ts';
import { folderOf } from '../agent.ts';
import { providerProcess } from './provider-process.ts';
import { cimService } from './service.ts';
import { setupFile, setupForm } from './setup.ts';

/**
 * The object manager of the bank: a user world of vmkd without privileges. Serves the providers that were there when
 * it started, on a socket that vmkd opens for it and that only root may connect to; vmkd and the command `cim` ask it there.
 */
const setupPath = join(folderOf('cim'), setupFile);
const setup = parseJson(readFileSync(setupPath, 'utf8'), setupForm, setupPath);
const systemName = hostname();

const service = cimService(setup, {
  systemName,
  now: () => new Date(),
  readText: (path) => readFileSync(path, 'utf8'),
  provider: (bundle, options) => {
    const { programs, writes } = options.description;
    const { smbiosTable } = setup;
    return providerProcess({
      ...options,
      setup: { root: '/', bundle, systemName, smbiosTable, programs, writes },
      program: '/usr/lib/twinbank/cim-provider.mjs',
      callTimeoutMs: 20_000,
      // Its process takes 24 MB (docs/budget.md), and starts in a tenth of a second.
      idleMs: 300_000,
    });
  },
  // vmkd hears it.
  report: (why) => console.log(why),
});
serveHandedSocket(service.methods, (error) => {
  throw error;
});
service.start();
