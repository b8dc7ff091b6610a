import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { worldArgs } from '../../../../../src/runtime/vmkernel/agents/world-args.ts';
import { canMakeWorlds, ownLinks } from '../../../../support/agent-world.ts';

const user = { uid: 142, gid: 142 };
const folder = mkdtempSync(join(tmpdir(), 'volumes-'));
afterAll(() => rmSync(folder, { recursive: true }));
const volumes = join(folder, 'volumes');
mkdirSync(volumes);

/** What makes the folder at the start of the system, as it is in the bank. */
const start = readFileSync(
  resolve(import.meta.dirname, '../../../../../src/runtime/image/system/usr/lib/twinbank/start'),
  'utf8',
)
  .split('\n')
  .filter((line) => line.startsWith('mount ') && line.includes('/vmfs/volumes'))
  .join('\n')
  .replaceAll('/vmfs/volumes', volumes);

/** A world that waits for a line and then says what it finds in a datastore that was mounted meanwhile. */
function seenBy(begin: string): string {
  const args = worldArgs({ name: 'lamp', sees: [volumes] }, { granted: [], links: ownLinks });
  // Without a filter: what it may call is not what is looked at.
  const words = args.filter(
    (word, index) => word !== '--seccomp' && args[index - 1] !== '--seccomp',
  );
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const setpriv = `setpriv --reuid ${user.uid} --regid ${user.gid} --clear-groups`;
  const script = join(folder, 'script');
  writeFileSync(
    script,
    `set -e
${begin}
chmod 755 ${folder}
mkfifo ${folder}/ready ${folder}/go
${setpriv} bwrap ${quoted} sh -c 'echo up; read line; cat ${volumes}/uuid/file' <>${folder}/go >${folder}/ready 2>&1 &
exec 3<>${folder}/ready
read line <&3
test "$line" = up
mkdir -p ${volumes}/uuid
mount -t tmpfs datastore ${volumes}/uuid
echo it is seen >${volumes}/uuid/file
echo >${folder}/go
read line <&3
echo "$line"
rm ${folder}/ready ${folder}/go
`,
  );
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', script], { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim();
}

describe.runIf(canMakeWorlds(user))(
  'K4, K6: a world that began before a datastore was mounted',
  () => {
    it('sees it, as the folder of datastores passes mounts on', () => {
      expect(seenBy(start)).toBe('it is seen');
    });

    it('would not see it in a folder that does not', () => {
      const [first = ''] = start.split('\n');
      expect(seenBy(first)).toMatch(/No such file/);
    });
  },
);
