import { TwinbankError } from '../../src/diagnostics/error.ts';
import { mutateBytes } from './byte-mutations.ts';
import { type FuzzTarget, taken } from './target.ts';
import { work } from './worker.ts';

/** A reader of `OK` and two bytes, with a defect behind a gate that only an input which got near it opens. */
function toy(
  name: string,
  defect: () => undefined | Promise<never>,
  row: Partial<FuzzTarget> = {},
): FuzzTarget {
  return {
    name,
    seeds: () => [Buffer.from('OK..')],
    mutate: (input, random, other) => mutateBytes(input, random, other, { longest: 64 }),
    run(input) {
      if (input[0] !== 0x4f || input[1] !== 0x4b) throw refusal('toy.magic');
      if (input[2] !== 0x80) return taken;
      // As a parser says what is wrong next: the signal that lets the fuzzer go on from here.
      if (input[3] !== 0xff) throw refusal('toy.near');
      return defect() ?? taken;
    },
    ...row,
  };
}

function refusal(code: string, kind: TwinbankError['kind'] = 'corrupt'): TwinbankError {
  return new TwinbankError(kind, code, 'expected this, found that');
}

function hang(): undefined {
  for (;;) Math.random();
}

const held: unknown[] = [];

void work([
  toy('sound', () => undefined),
  toy('crash', () => {
    throw new TypeError('x is undefined');
  }),
  toy('hang', hang),
  toy('promise', () => new Promise<never>(() => {})),
  toy('claim', () => void new Uint8Array(2 ** 30) as undefined),
  toy('heap', () => {
    for (;;) held.push(Array(10_000).fill(held.length));
  }),
  toy('leak', () => undefined, {
    run: (input) => {
      held.push(Buffer.alloc(100_000, input[0] ?? 0));
      return taken;
    },
  }),
  toy('kind', () => {
    throw refusal('toy.kind', 'usage');
  }),
  toy('unquoted', () => undefined, {
    run: (input) => {
      throw new TwinbankError('corrupt', 'toy.name', Buffer.from(input).toString('latin1'));
    },
    seeds: () => [],
    mutate: () => Buffer.from('\u001b'),
    quotes: true,
  }),
  toy('seed', () => undefined, { seeds: () => [Buffer.from('NO..')] }),
]);
