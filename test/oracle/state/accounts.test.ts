import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountFiles } from '../../../src/builder/modules/accounts.ts';
import { agents } from '../../../src/runtime/agents/registry.ts';
import { writeConfiguration } from '../../../src/runtime/vmkernel/state/configuration.ts';
import { cryptSalt, hashPassword } from '../../../src/state/password-hash.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'accounts-'));
  mkdirSync(join(root, 'etc'));
});
afterAll(() => rmSync(root, { recursive: true }));

const hash = `$6$salt$${'a'.repeat(86)}`;

judgedBy(['pwck'], () => {
  it('K5: finds nothing wrong in the files of an image with local users and groups', () => {
    for (const [path, entry] of accountFiles(agents)) {
      if (entry.type === 'file') writeFileSync(join(root, path), entry.data);
    }
    const accounts = {
      users: [
        { name: 'amy', uid: 1000, gid: 1000, fullName: 'Amy Ünal', hash },
        { name: 'bob', uid: 1001, gid: 100, fullName: '', hash: '!' },
      ],
      groups: [{ name: 'ops', gid: 1000, members: ['bob'] }],
      members: { localadmin: ['amy'], users: [] },
      passwords: { vpxuser: hash },
    };
    writeConfiguration({ accounts, rootPasswordHash: hash }, root);
    const files = ['passwd', 'shadow'].map((name) => join(root, 'etc', name));
    expect(judge('pwck', ['-r', '-q', ...files])).toBe('');
  });
});

judgedBy(['openssl'], () => {
  it.each(['Hello world!', 'pässwörd ☃'])('K5: hashes %j as openssl does', async (password) => {
    const salt = cryptSalt(new Uint8Array(12).fill(7));
    const found = await hashPassword(password, salt, async () => {});
    expect(judge('openssl', ['passwd', '-6', '-salt', salt, password]).trim()).toBe(found);
  });
});
