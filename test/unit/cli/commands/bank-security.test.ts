import { describe, expect, it } from 'vitest';
import { hostImage } from '../../update/host-image.ts';
import { baseOf, sign } from '../../update/manifests.ts';
import { updateFixture } from '../update-fixture.ts';

const { read, run, image } = updateFixture();
const at = (securityVersion: number) => ({ manifests: [sign(baseOf({ securityVersion }))] });
const host = (five: number, six: number): string =>
  image('host.img', hostImage({ 5: at(five), 6: at(six) }));

describe('bank rollback and invalidate', () => {
  it.each([[['rollback']], [['invalidate', '5']]])(
    '%j is refused with 8 below the security version, and writes nothing',
    async (argv) => {
      const name = host(3, 2);
      const before = read(name);
      const { code, stdout, stderr } = await run(['bank', name, ...argv]);
      expect([code, stdout]).toEqual([8, '']);
      expect(stderr).toBe(
        "twinbank: bank 6: expected security version 3 or higher, as bank 5 has, found 2; a person at the host's console may still do it: r while the loader lists the banks\n",
      );
      expect(read(name).equals(before)).toBe(true);
      const json = JSON.parse((await run(['bank', name, ...argv, '--json'])).stdout);
      expect(json.error.code).toBe('bank.security-version');
    },
  );

  it('go on at the same version and above, and leave the older bank for what it is', async () => {
    expect((await run(['bank', host(2, 2), 'rollback'])).code).toBe(0);
    expect((await run(['bank', host(2, 3), 'rollback'])).code).toBe(0);
    expect((await run(['bank', host(2, 3), 'invalidate', '6'])).code).toBe(0);
  });

  it('are refused towards a bank whose manifest is damaged, which may have any version', async () => {
    const made = hostImage({ 5: at(1), 6: at(1) });
    made.edit(6, (volume) => volume.overwrite('base.json', 0, Buffer.from('x')));
    const { code, stderr } = await run(['bank', image('damaged.img', made), 'rollback']);
    expect(code).toBe(8);
    expect(stderr).toContain('as bank 5 has, found 0');
  });
});

describe('what bank and inspect tell of it', () => {
  it.each(['bank', 'inspect'])(
    '%s --json has the security version of each bank',
    async (command) => {
      const { stdout } = await run([command, host(3, 2), '--json']);
      const { banks } = JSON.parse(stdout);
      expect(banks.map((bank: { securityVersion: unknown }) => bank.securityVersion)).toEqual([
        3, 2,
      ]);
    },
  );

  it('is null where there is none', async () => {
    const { stdout } = await run(['bank', image('half.img', hostImage({ 5: at(3) })), '--json']);
    expect(JSON.parse(stdout).banks[1].securityVersion).toBeNull();
  });
});
