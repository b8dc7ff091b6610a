import { expect, it } from 'vitest';
import { indicationLog } from '../../../../../src/runtime/agents/cim/indication-log.ts';

it('gives no page that is too long to be an answer, and all of them one after another', async () => {
  const log = indicationLog();
  for (let count = 0; count < 500; count++) {
    log.add({
      path: 'x',
      className: 'A',
      properties: { text: 'x'.repeat(32_000), count },
    } as never);
  }
  let after = 0;
  const seen: unknown[] = [];
  while (after < 500) {
    const page = await log.read(after, 0);
    expect(JSON.stringify(page).length).toBeLessThan(2 << 20);
    seen.push(...page.indications.map(({ properties }) => properties.count));
    after = page.next;
  }
  expect(seen).toEqual(Array.from({ length: 500 }, (_, index) => index));
});
