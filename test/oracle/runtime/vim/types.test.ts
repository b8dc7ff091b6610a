import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { judge } from '../../components/foreign-tool.ts';
import { judgedByPython } from './vim-python.ts';

judgedByPython(['pyVmomi'], () => {
  test("N: commits the type table that scripts/vim-types.py makes of pyVmomi's types", () => {
    const made = judge('/usr/bin/python3', ['scripts/vim-types.py']);
    expect(readFileSync('src/runtime/vim/types.json', 'utf8') === made).toBe(true);
  });
});
