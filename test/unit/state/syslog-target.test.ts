import { expect, test } from 'vitest';
import { parseSyslogTarget } from '../../../src/state/syslog-target.ts';

const shown = (text: string) => {
  const { protocol, host, port } = parseSyslogTarget(text) ?? {};
  return protocol && `${protocol} ${host} ${port}`;
};

test.each([
  ['log.lab', 'udp log.lab 514'],
  ['10.0.0.9:1514', 'udp 10.0.0.9 1514'],
  ['[2001:db8::2]:99', 'udp 2001:db8::2 99'],
  ['udp://log.lab', 'udp log.lab 514'],
  ['tcp://log.lab', 'tcp log.lab 514'],
  ['tcp://[::1]:601', 'tcp ::1 601'],
  ['tls://log.lab', 'tls log.lab 6514'],
  ['ssl://log.lab', 'tls log.lab 1514'],
  ['ssl://log.lab:6514', 'tls log.lab 6514'],
])('reads %s as %s', (text, wanted) => {
  expect(shown(text)).toBe(wanted);
});

test.each([
  ...['', 'a:0', 'a:65536', 'a:99999', 'a b', '[a]', '1.2.3', 'a:b', 'tcp://', 'tcp:a', 'TCP://a'],
  ...['relp://a', 'constructor://a', 'tls://a/x', 'tls://a@b', 'tcp://a:1:2', '2001:db8::2'],
])('takes %j for no target', (text) => {
  expect(parseSyslogTarget(text)).toBeUndefined();
});
