/** What the screen at rest tells. */
export interface ScreenFacts {
  /** Of the recipe, as the loader's `title`. */
  readonly title: string;
  readonly product: string;
  /** `version-build` */
  readonly build: string;
  /** Undefined where no loader chose one. */
  readonly bank: number | undefined;
  /** How long the loader listens for keys at the next start. */
  readonly loaderSeconds: number;
  readonly logo: readonly string[];
  readonly host: string;
  readonly addresses: string;
  readonly phase: 'starting' | 'ready' | 'stopping';
  readonly confirmed: boolean;
  readonly trial: boolean;
  readonly problems: readonly string[];
}

/** The least that a terminal has. */
const columns = 79;
/** A screen of 25 rows keeps 5 for messages; a logo goes first. */
const mostRows = 20;
const label = 12;
/** What is longer is told in full by `status` and the serial line. */
const mostParts = 4;

/** The lines of the screen at rest, the first one its title. */
export function screenLines(facts: ScreenFacts): string[] {
  const { title, product, build, host, addresses, logo } = facts;
  const rows = [
    ...row('Product', `${product} ${build}`),
    ...row('Host', host),
    ...row('Address', addresses),
    ...row('Bank', bankOf(facts)),
    ...row('State', stateOf(facts)),
    '',
    ...wrap(keysOf(facts), columns - 2).map((text) => `  ${text}`),
    '-'.repeat(columns),
  ];
  const top = [title, ''];
  const withLogo = logo.length > 0 ? [...top, ...logo, '', ...rows] : [...top, ...rows];
  return withLogo.length > mostRows ? [...top, ...rows] : withLogo;
}

function stateOf({ phase, confirmed, problems }: ScreenFacts): string {
  const problem = problems.join('; ');
  // An agent that has just been started is not ill yet.
  if (problem !== '')
    return phase === 'starting' ? `starting: ${problem}` : `unhealthy: ${problem}`;
  return phase === 'ready' && !confirmed ? 'ready, not confirmed' : phase;
}

function bankOf({ bank, confirmed, trial }: ScreenFacts): string {
  if (bank === undefined) return 'none: started without the loader';
  if (confirmed) return `${bank}, confirmed`;
  return trial ? `${bank}, on trial: the other bank starts if it is not confirmed` : `${bank}`;
}

function keysOf({ loaderSeconds }: ScreenFacts): string {
  return loaderSeconds > 0
    ? `At the next start, for ${loaderSeconds} s once the banks are listed: Esc or F4 opens the loader's menu, r goes back to the other bank.`
    : 'The loader listens for no keys at the next start.';
}

function row(name: string, text: string): string[] {
  const parts = wrap(text, columns - label);
  const shown = parts.length > mostParts ? [...parts.slice(0, mostParts - 1), '...'] : parts;
  return shown.map((part, index) => (index === 0 ? `  ${name}` : '').padEnd(label) + part);
}

/** Lines of whole words; a longer word is cut into pieces. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text.replace(/\s+/g, ' ').trim();
  while (rest.length > width) {
    const blank = rest.lastIndexOf(' ', width);
    const end = blank > 0 ? blank : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
