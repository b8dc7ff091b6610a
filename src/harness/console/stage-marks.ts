import type { LoaderStage } from './boot-stage.ts';

const facts = /bank \d+ [A-Z]+ attempts=(\d) verdict=(\S)/;
const written = /bank \d+ set bootstate=(\d) attempts=(\d) verdict=(\S)/;

/** Tells the stage that one of the loader's lines about a bank ends, from what the bank's marks were before. */
export function stageMarks(): (line: string, bank: number) => LoaderStage | undefined {
  const known = new Map<number, { attempts: string; verdict: string }>();
  return (line, bank) => {
    if (line.includes('twinbank: verifying ')) return 'verify';
    if (line.includes('twinbank: booting ')) return 'boot';
    const scanned = facts.exec(line);
    if (scanned) known.set(bank, { attempts: scanned[1] ?? '', verdict: scanned[2] ?? '' });
    if (scanned || line.endsWith(' MALFORMED')) return 'scan';
    const [, bootstate, attempts = '', verdict = ''] = written.exec(line) ?? [];
    if (bootstate === undefined) return undefined;
    const before = known.get(bank);
    known.set(bank, { attempts, verdict });
    if (verdict !== before?.verdict && verdict === 'B') return 'exhausted';
    // A trial that was not confirmed is written with the state; a wrong hash changes the verdict alone.
    if (bootstate === '3') return verdict === 'R' ? undefined : 'dirty';
    if (verdict !== before?.verdict) return 'condemn';
    return attempts === '0' && bootstate === '0' ? 'recount' : 'mark';
  };
}
