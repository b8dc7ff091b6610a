import { it } from 'vitest';
import { boot, consoleMatch, expectHealthy } from '../support/boot.ts';

it('says so and is ready where there is no network', async () => {
  const result = await boot({ network: false });
  expectHealthy(result, 5);
  consoleMatch(result, /stage=network at=\S+ no address on 0 interfaces/);
});
