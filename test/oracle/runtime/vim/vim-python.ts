import { judgedBy } from '../../components/foreign-tool.ts';

/** Tests judged by Debian's own Python, whatever else is on PATH, with these of its packages. */
export function judgedByPython(packages: readonly string[], tests: () => void): void {
  const folder = '/usr/lib/python3/dist-packages';
  judgedBy(
    ['/usr/bin/python3'],
    tests,
    packages.map((name) => `${folder}/${name}/__init__.py`),
  );
}
