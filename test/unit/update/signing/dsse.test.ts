import { describe, expect, it } from 'vitest';
import { openEnvelope, sealEnvelope } from '../../../../src/update/signing/dsse.ts';
import {
  developmentKey,
  privateKeyOfSeed,
  signingKeyOf,
  verifySignature,
} from '../../../../src/update/signing/key.ts';
import {
  provenanceType,
  readSubjects,
  statementType,
} from '../../../../src/update/signing/statement.ts';

const key = signingKeyOf(privateKeyOfSeed(Buffer.alloc(32, 7)));
const payload = Buffer.from('hello world');
const type = 'http://example.com/HelloWorld';

describe('a DSSE envelope', () => {
  it('is signed over the encoding that the protocol gives as its example', () => {
    const { signatures } = JSON.parse(Buffer.from(sealEnvelope(type, payload, key)).toString());
    const signed = Buffer.from('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
    const signature = Buffer.from(signatures[0].sig, 'base64');
    expect(verifySignature(key.public, signed, signature)).toBe(true);
    expect(signatures[0].keyid).toBe(key.public.id);
  });

  it('opens for those who trust its key, which is named once', () => {
    const envelope = sealEnvelope(type, payload, key);
    expect(Buffer.from(sealEnvelope(type, payload, key))).toEqual(Buffer.from(envelope));
    const trusted = [developmentKey.public, key.public, key.public];
    expect(openEnvelope(envelope, trusted, 'x')).toEqual({
      ...{ payloadType: type, keyIds: [key.public.id] },
      payload,
    });
  });

  it('is refused with another payload, another type or no trusted key', () => {
    const envelope = JSON.parse(Buffer.from(sealEnvelope(type, payload, key)).toString());
    const changed = [
      { ...envelope, payload: Buffer.from('hello World').toString('base64') },
      { ...envelope, payloadType: `${type}s` },
      { ...envelope, signatures: [] },
    ];
    const open = (one: object, trusted = [key.public]) =>
      openEnvelope(Buffer.from(JSON.stringify(one)), trusted, 'x.json');
    for (const one of changed) expect(() => open(one)).toThrow('x.json: expected the signature of');
    expect(() => open(envelope, [developmentKey.public])).toThrow('found none that matches');
    expect(open(envelope).keyIds).toHaveLength(1);
  });

  it.each([
    ...['', 'no', 'null', '[]', '{}', '{"payloadType":"x","payload":"*","signatures":[]}'],
    '{"payloadType":"x","payload":"","signatures":[null]}',
    '{"payloadType":"x","payload":"aGk","signatures":[]}',
  ])('%s is none', (text) => {
    expect(() => openEnvelope(Buffer.from(text), [key.public], 'x')).toThrow(
      'x: expected a DSSE envelope',
    );
  });
});

describe('a provenance statement', () => {
  const statement = (subject: unknown, more = {}) =>
    Buffer.from(
      JSON.stringify({ _type: statementType, predicateType: provenanceType, subject, ...more }),
    );
  const subject = { name: 'a', digest: { sha256: 'ab'.repeat(32) } };

  it('has its subjects', () => {
    expect(readSubjects(statement([subject]), 'x')).toEqual([subject]);
  });

  it.each([
    ['no JSON', Buffer.from('{')],
    ['null', Buffer.from('null')],
    ['another predicate', statement([subject], { predicateType: 'x' })],
    ['no list', statement({})],
    ['a subject without a hash', statement([{ name: 'a', digest: {} }])],
    ['nothing as a subject', statement([null])],
  ])('is refused with %s', (_, bytes) => {
    expect(() => readSubjects(bytes, 'x')).toThrow('x: expected an in-toto statement');
  });
});
