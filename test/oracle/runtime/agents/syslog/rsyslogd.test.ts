import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, watch, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLink } from '../../../../../src/runtime/agents/syslog/links.ts';
import { syslogService } from '../../../../../src/runtime/agents/syslog/service.ts';
import { temporaryFiles } from '../../../../unit/recipe/temporary-files.ts';
import { loopback } from '../../../../unit/update/source/loopback-certificate.ts';
import { judgedBy } from '../../../components/foreign-tool.ts';

const host = '127.0.0.1';
const timeoutMs = 20_000;

/** Ports that nobody has now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

// What rsyslogd makes of each message goes to a file, a line each.
judgedBy(['rsyslogd'], () => {
  let judge: ChildProcess;
  const folder = temporaryFiles({
    'cert.pem': loopback.cert,
    'key.pem': loopback.key,
    out: '',
    log: '',
  });
  let targets: string[];
  beforeAll(async () => {
    const [udp, tcp, tls] = await freePorts(3);
    const at = (name: string) => join(folder, name);
    const fields = 'inputname pri timereported:::date-rfc3339 hostname app-name procid msgid';
    const shown = `${fields} structured-data`.replace(/\S+/g, '%$&%');
    const config = `
global(workDirectory="${folder}" defaultNetstreamDriverCAFile="${at('cert.pem')}"
  defaultNetstreamDriverCertFile="${at('cert.pem')}" defaultNetstreamDriverKeyFile="${at('key.pem')}")
module(load="imudp")
module(load="imtcp")
input(type="imudp" address="${host}" port="${udp}" name="udp")
input(type="imtcp" address="${host}" port="${tcp}" name="tcp")
input(type="imtcp" address="${host}" port="${tls}" name="tls"
  streamdriver.name="ossl" streamdriver.mode="1" streamdriver.authmode="anon")
template(name="line" type="string" string="${shown} |%msg%|\\n")
action(type="omfile" file="${at('out')}" template="line")
`;
    writeFileSync(at('rsyslog.conf'), config);
    judge = spawn('rsyslogd', ['-n', '-f', at('rsyslog.conf'), '-i', at('pid')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    targets = [`${host}:${udp}`, `tcp://${host}:${tcp}`, `tls://${host}:${tls}`];
  });
  afterAll(async () => {
    judge.kill();
    if (judge.exitCode === null) await once(judge, 'close');
  });

  /** The lines that it has, once there are so many of an input. Of a target that refused at first there are the log's own beside them. */
  async function linesOf(input: string, count: number): Promise<string[]> {
    const out = join(folder, 'out');
    const signal = AbortSignal.timeout(timeoutMs);
    const watcher = watch(folder);
    try {
      for (;;) {
        const changed = once(watcher, 'change', { signal });
        changed.catch(() => {});
        const all = readFileSync(out, 'utf8');
        const lines = all
          .split('\n')
          .filter((line) => line.startsWith(`${input} `) && !/ esx1 syslog /.test(line));
        if (lines.length >= count) return lines;
        await changed.catch(() => {
          throw new Error(`expected ${count} lines of ${input}, found ${all}`);
        });
      }
    } finally {
      watcher.close();
    }
  }

  it(
    'P5: understands each message by UDP, TCP and TLS, in order and whole',
    async () => {
      const at = Date.UTC(2026, 10, 30, 23, 58, 52, 123);
      const service = syslogService(targets, {
        ...{ folder: temporaryFiles({}), fileBytes: 1 << 20, older: 1 },
        ...{ hostname: 'esx1', now: () => at },
        openLink: (target, events) =>
          openLink(target, { ca: loopback.cert, thumbprints: [] }, events),
      });
      try {
        // It may take its time to be there; a target that has refused is asked again.
        for (const end = performance.now() + timeoutMs; performance.now() < end; await pause(50)) {
          if (service.status().targets.every(({ state }) => state === 'open')) break;
        }
        service.takeText('<86>Dec  1 00:06:14 su[7]: to röot');
        service.takeText(
          '<165>1 2003-10-11T22:14:15.003Z x app 9 ID47 [id@1 a="x\\"\\]y"] it failed',
        );
        service.takeText(`<14>long: ${'ab cd '.repeat(150)}end`);
        const expected = [
          '86 2026-11-30T23:58:52.123Z esx1 su 7 - - |to röot|',
          '165 2026-11-30T23:58:52.123Z esx1 app 9 ID47 [id@1 a="x\\"\\]y"] |it failed|',
          `14 2026-11-30T23:58:52.123Z esx1 long - - - |${'ab cd '.repeat(150)}end|`,
        ];
        for (const input of ['udp', 'tcp', 'tls']) {
          const lines = await linesOf(input, expected.length);
          expect(lines).toEqual(expected.map((line) => `${input} ${line}`));
        }
        expect(service.status().targets.map(({ state, dropped }) => [state, dropped])).toEqual([
          ['open', 0],
          ['open', 0],
          ['open', 0],
        ]);
      } finally {
        service.stop();
      }
    },
    2 * timeoutMs,
  );
});
