import { stat } from 'node:fs/promises';
import * as z from 'zod';
import { findTool } from '../host/find-tool.ts';
import { runTool, toolMissing } from '../host/run-tool.ts';
import { hostTools, versionArgsOf } from '../host/tools.ts';
import type { ComponentContext } from './components/component.ts';
import { remember } from './components/resolution-cache.ts';

/**
 * What a host tool says its version is: part of the key of all that is made with it. Asked once and
 * remembered until the program's file changes, so that a build with nothing to do runs no program.
 * Throws `host.tool-missing`.
 */
export async function toolVersion(name: string, context: ComponentContext): Promise<string> {
  const tool = hostTools.find((row) => row.name === name);
  const path = tool && findTool(tool, process.env.PATH ?? '');
  if (!tool || !path) throw toolMissing(name);
  const { size, mtimeMs } = await stat(path);
  return remember(context.cache, ['tool', path, `${size} ${mtimeMs}`], z.string(), async () => {
    const { stdout, stderr } = await runTool(path, versionArgsOf(tool));
    return `${stdout}${stderr}`.trim().split('\n')[0] ?? '';
  });
}
