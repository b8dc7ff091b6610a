import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundleAgent } from '../../../../support/agent-world.ts';
import { temporaryFiles } from '../../../../unit/recipe/temporary-files.ts';

/** What a kernel says of `vmk0` in a network of its own: while it still asks for an address, and afterwards. */
const script = (program: string): string => `set -e
ip link add vmk0 type bridge
ip link set vmk0 up
ip addr add 10.0.0.5/8 dev vmk0
ip addr add 2001:db8::5/64 dev vmk0
node ${program}
until ip -6 addr show dev vmk0 | grep -q 'inet6 2001' && ! ip -6 addr show dev vmk0 | grep -q tentative; do sleep 0.1; done
node ${program}
`;

it('B4: finds an IPv6 address of the host once the kernel knows that it is free', async (context) => {
  // iproute2 is no tool of the tests, and not every kernel has bridges.
  if (spawnSync('unshare', ['-n', 'ip', 'link', 'add', 'vmk0', 'type', 'bridge']).status !== 0) {
    return context.skip('a network with a bridge: not possible here');
  }
  const folder = temporaryFiles({
    'print.ts': `import { addresses6 } from ${JSON.stringify(join(import.meta.dirname, '../../../../../src/runtime/vmkernel/network/host-addresses.ts'))};
console.log(JSON.stringify(addresses6()));
`,
  });
  const program = join(folder, 'print.mjs');
  await bundleAgent(join(folder, 'print.ts'), program);
  const { stdout, stderr } = spawnSync('unshare', ['-n', 'sh', '-c', script(program)], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const [before, after] = stdout.trim().split('\n');
  expect(before).toBe('[]');
  expect(JSON.parse(after ?? '')).toEqual([
    { interface: 'vmk0', address: '2001:db8::5', prefix: 64 },
  ]);
});
