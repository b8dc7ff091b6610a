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

/**
 * Aliases by what their patterns begin with, up to the first character that stands for others. A bank has some 1,500, nearly
 * all of them for one PCI or USB device, and this is the first code of a boot that does anything often: looked up by its
 * beginnings, a device is compared with the few patterns that can fit it.
 */
export interface AliasIndex {
  /** Numbers of the aliases, in their order: of two modules for one device the first one comes first. */
  readonly byBeginning: ReadonlyMap<string, readonly number[]>;
  /** The lengths of the beginnings, each once. */
  readonly lengths: readonly number[];
  readonly aliases: readonly ModuleAlias[];
}

export function indexAliases(aliases: readonly ModuleAlias[]): AliasIndex {
  const byBeginning = new Map<string, number[]>();
  const lengths = new Set<number>();
  aliases.forEach(({ pattern }, number) => {
    const special = pattern.search(/[*?[]/);
    const beginning = special < 0 ? pattern : pattern.slice(0, special);
    const same = byBeginning.get(beginning);
    if (same) same.push(number);
    else byBeginning.set(beginning, [number]);
    lengths.add(beginning.length);
  });
  return { byBeginning, lengths: [...lengths], aliases };
}

/** The modules that the devices with these modaliases want, each once, in the order of the devices. */
export function modulesFor(
  { byBeginning, lengths, aliases }: AliasIndex,
  modaliases: readonly string[],
): string[] {
  const wanted = new Set<string>();
  for (const modalias of new Set(modaliases)) {
    const found = lengths.flatMap((length) => byBeginning.get(modalias.slice(0, length)) ?? []);
    // One that is shorter than a length is looked up by itself again and again.
    for (const number of [...new Set(found)].sort((a, b) => a - b)) {
      const alias = aliases[number];
      if (alias && matches(alias.pattern, modalias)) wanted.add(alias.module);
    }
  }
  return [...wanted];
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
