import { describe, expect, it } from 'vitest';
import { fileLine, wireMessage } from '../../../../../src/runtime/agents/syslog/log-message.ts';
import { parseMessage } from '../../../../../src/runtime/agents/syslog/parse-message.ts';

const at = Date.UTC(2026, 10, 30, 23, 58, 52, 123);
const parsed = (text: string) => {
  const { origin, at: when, ...message } = parseMessage(text, at);
  expect([origin, when]).toEqual(['local', at]);
  return message;
};

describe('P5: a message of a program', () => {
  it('is read as syslog(3) of glibc writes it', () => {
    expect(parsed('<30>Dec  1 00:06:14 chronyd[123]: Selected source 10.0.2.2')).toEqual({
      ...{ facility: 3, severity: 6, program: 'chronyd', pid: '123' },
      text: 'Selected source 10.0.2.2',
    });
    expect(parsed('<13>Dec  1 00:06:14 root: hello: world')).toMatchObject({
      ...{ program: 'root', text: 'hello: world' },
    });
  });

  it('is read as RFC 5424 has it, with its structured data', () => {
    const data = '[id@1 a="x\\"\\]y" b=""][two]';
    expect(
      parsed(`<165>1 2003-10-11T22:14:15.003Z host su 99 ID47 ${data} \uFEFFit failed`),
    ).toEqual({
      ...{ facility: 20, severity: 5, program: 'su', pid: '99', messageId: 'ID47' },
      ...{ structured: data, text: 'it failed' },
    });
    expect(parsed('<34>1 - - - - - -')).toEqual({
      ...{ facility: 4, severity: 2, program: '-', text: '' },
    });
  });

  it.each([
    ['', '-', ''],
    ['nothing of the kind', '-', 'nothing of the kind'],
    ['<999>too much', '-', 'too much'],
    ['<13>1 a b c d e [broken text', '-', '1 a b c d e [broken text'],
    ['<13>prog: two\nlines\twith\x1b[31m colour', 'prog', 'two lines with?[31m colour'],
    ['<13>\u0000', '-', '?'],
  ])('is text where it is not understood, and one line: %j', (text, program, said) => {
    expect(parsed(text)).toMatchObject({ program, text: said });
  });

  it('never speaks for the kernel', () => {
    expect(parsed('<0>kernel: panic')).toMatchObject({ facility: 1, severity: 0 });
  });
});

describe('P5: a message', () => {
  const message = parseMessage('<86>Dec  1 00:06:14 su[7]: to root', at);

  it('stands in a file with time, facility, severity and program', () => {
    expect(fileLine(message)).toBe('2026-11-30T23:58:52.123Z authpriv.info su[7]: to root\n');
  });

  it('is sent as RFC 5424 has it', () => {
    expect(wireMessage(message, 'esx1').toString()).toBe(
      '<86>1 2026-11-30T23:58:52.123Z esx1 su 7 - - to root',
    );
  });

  it('is cut between two characters where it is too long', () => {
    const long = { ...message, text: 'ü'.repeat(100) };
    const whole = wireMessage(long, 'esx1');
    for (const limit of [whole.length - 1, whole.length - 2]) {
      const cut = wireMessage(long, 'esx1', limit);
      expect([cut.length, cut.toString()]).toEqual([whole.length - 2, expect.stringMatching(/ü$/)]);
    }
  });
});
