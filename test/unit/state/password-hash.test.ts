import { describe, expect, it } from 'vitest';
import { cryptSalt, isPassword, sha512Crypt } from '../../../src/state/password-hash.ts';
import { parseSetting } from '../../../src/state/settings.ts';

describe('the hash of a password', () => {
  // The first is a vector of the specification; all are what `openssl passwd -6` prints.
  it.each([
    [
      'Hello world!',
      'saltstring',
      'svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    ],
    [
      'a short string',
      'abcdefghijklmnop',
      'AfCEcRQo7.HtKFZS4WWYBqp2XYBFJL3gP3cQg2PBdASCA/OmjdFQ2JR1/Sfb4C9gr838cALjW39OwA30Om4Rt.',
    ],
    [
      'pässwörd ☃',
      'x',
      'FAbra2kffey5WSDNwKN3ZjPES7j865BADi8SvEhWfxLVnNZW1I3Gk49994j9uD57/2cpSOYD4.B2NFvGRvmNS.',
    ],
    [
      '0123456789'.repeat(20),
      './ABCDEFGHIJKLMN',
      'pNyA8pOMCKFX8yli/DkRzeAUect8KuHgtzwzb2BwvSdYri99qCBbDPHf17tEHuGKfkW7FMiaEGoQxKwKGZgQf0',
    ],
  ])('of %s with the salt %s is that of crypt', (password, salt, hash) => {
    expect(sha512Crypt(password, salt)).toBe(`$6$${salt}$${hash}`);
  });

  it('is one that the settings of a host take', () => {
    const hash = sha512Crypt('secret', cryptSalt(new Uint8Array(12)));
    expect(parseSetting('rootPasswordHash', hash)).toEqual({ rootPasswordHash: hash });
  });

  // What `python3 -c 'import crypt; ...'` prints for these settings.
  it.each([
    '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5',
    '$5$rounds=1400$anotherlongsalts$3qrvGONjJLD3nbbdMqiPU3HEkZj9mKxTAR68T172Rv9',
    '$6$rounds=1400$anotherlongsalts$5FGyu8c4BZDX4wJgs0Un26YOw2XibT5eTkHF1I1aP3QqStoJI9BHD2YPJYsAjEePVGUyBjdZxcNqMWlrrbIOC.',
  ])('made elsewhere is known again: %s', async (hash) => {
    const pause = async () => {};
    expect(await isPassword('Hello world!', hash, pause)).toBe(true);
    expect(await isPassword('Hello world?', hash, pause)).toBe(false);
  });

  it.each(['', '!', '$1$salt$x', '$6$salt$', '$6$rounds=1000001$salt$x'])(
    '%j is that of no password, and takes no time',
    async (hash) => {
      const pause = () => Promise.reject(new Error('rounds were made'));
      const found = isPassword('', hash, hash === '$6$salt$' ? async () => {} : pause);
      expect(await found).toBe(false);
    },
  );

  it('has a salt in which every bit of what is random counts', () => {
    expect(cryptSalt(new Uint8Array(12).fill(255))).toBe('z'.repeat(16));
    const salts = Array.from({ length: 96 }, (_, bit) => {
      const random = new Uint8Array(12);
      random[bit >> 3] = 128 >> (bit & 7);
      return cryptSalt(random);
    });
    expect(new Set(salts).size).toBe(96);
    expect(salts[0]).toMatch(/^U\.{15}$/);
  });
});
