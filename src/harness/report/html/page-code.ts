import { join } from 'node:path';

export interface PageCode {
  /** Script and style of the page, minified, without anything that would end their elements. */
  readonly script: string;
  readonly style: string;
}

/** Bundles what runs in the page from the sources in twinbank's package. `root` is the package's folder. */
export async function pageCode(root: string): Promise<PageCode> {
  const { build } = await import('esbuild');
  const folder = join(root, 'src/harness/report/html/client');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(folder, 'page.ts'), join(folder, 'report.css')],
    outdir: folder,
    bundle: true,
    write: false,
    minify: true,
    platform: 'browser',
    format: 'iife',
    // light-dark() in the style sheet asks for browsers of 2024.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    legalComments: 'none',
    // Not the checkout's tsconfig.json, which an installed twinbank does not have.
    tsconfigRaw: {},
    logLevel: 'silent',
  });
  const text = (ending: string): string =>
    (outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '').trim();
  return { script: text('.js'), style: text('.css') };
}
