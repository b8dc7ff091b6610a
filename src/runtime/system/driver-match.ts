/** One line of depmod's `modules.alias`: devices that match the pattern want the module. */
export interface ModuleAlias {
  pattern: string;
  module: string;
}

/** Parses depmod's `modules.alias` (kmod, depmod(8)): `alias PATTERN MODULE`, `#` lines are comments. */
export function parseAliases(text: string): ModuleAlias[] {
  const aliases: ModuleAlias[] = [];
  for (const line of text.split('\n')) {
    const [word, pattern, module] = line.split(' ');
    if (word === 'alias' && pattern && module) aliases.push({ pattern, module });
  }
  return aliases;
}

/** The modules that the devices with these modaliases want, each once, in the order of the devices. */
export function modulesFor(
  aliases: readonly ModuleAlias[],
  modaliases: readonly string[],
): string[] {
  const wanted = new Set<string>();
  const byBus = new Map<string, readonly ModuleAlias[]>();
  for (const modalias of new Set(modaliases)) {
    // Most aliases are for another bus, and are left out at once for all of its devices.
    const bus = modalias.slice(0, modalias.indexOf(':') + 1);
    const candidates = byBus.get(bus) ?? aliases.filter(({ pattern }) => mayBeOf(bus, pattern));
    byBus.set(bus, candidates);
    for (const { pattern, module } of candidates) {
      if (!wanted.has(module) && matches(pattern, modalias)) wanted.add(module);
    }
  }
  return [...wanted];
}

function mayBeOf(bus: string, pattern: string): boolean {
  return pattern.startsWith(bus) || /^[^:]*[*?[]/.test(pattern);
}

/**
 * Matches as fnmatch(3) does what depmod writes: `*`, `?`, and `[...]` of characters and ranges. Takes at
 * most the product of both lengths; as a regular expression, an input device's dozen stars take far more.
 */
export function matches(pattern: string, text: string): boolean {
  let at = 0;
  let p = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const end = p < pattern.length && pattern[p] !== '*' ? matchOne(pattern, p, text[at] ?? '') : 0;
    if (end > 0) {
      p = end;
      at++;
    } else if (pattern[p] === '*') {
      star = p++;
      starAt = at;
    } else if (star >= 0) {
      // The last star takes one character more; earlier ones need not, as what follows them has matched.
      p = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Where the pattern goes on when its element at `p` matches the character; 0 when it does not. */
function matchOne(pattern: string, p: number, character: string): number {
  if (pattern[p] === '?') return p + 1;
  const close = pattern[p] === '[' ? pattern.indexOf(']', p + 2) : -1;
  if (close < 0) return pattern[p] === character ? p + 1 : 0;
  for (let i = p + 1; i < close; i++) {
    const first = pattern[i] ?? '';
    const isRange = pattern[i + 1] === '-' && i + 2 < close;
    const last = isRange ? (pattern[i + 2] ?? '') : first;
    if (first <= character && character <= last) return close + 1;
    if (isRange) i += 2;
  }
  return 0;
}
