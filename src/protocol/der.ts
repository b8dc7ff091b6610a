/** DER (X.690), as far as certificates need it: a tag, the length in one to three bytes, the content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const long = length > 0xff ? [0x82, length >> 8, length & 0xff] : [0x81, length];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), body]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);

/** OBJECT IDENTIFIER, from its bytes as they are encoded. */
export function oid(...bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

/** GeneralizedTime, such as `20200101000000Z`. */
export function generalizedTime(text: string): Buffer {
  return der(0x18, Buffer.from(text));
}

/** `what` is what stands between the dashes, such as `CERTIFICATE`. */
export function pem(what: string, bytes: Uint8Array): string {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${what}-----\n${lines}\n-----END ${what}-----\n`;
}
