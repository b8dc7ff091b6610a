import { describe, expect, it } from 'vitest';
import { systemHealth } from '../../../../../src/runtime/vmkernel/health/system-health.ts';
import { verifySystem } from '../../../../../src/runtime/vmkernel/update/verify-system.ts';
import type { LoaderVerdict } from '../../../../../src/update/verify-loader.ts';

const bank = { number: 5, device: '/dev/vda5', disk: '/dev/vda' };
const older = { severity: 'warning', code: 'loader.older', message: 'loader: older' } as const;
const other = { severity: 'error', code: 'loader.other', message: 'loader: other' } as const;
const lost = { severity: 'error', code: 'loader.untrusted', message: 'loader: whose?' } as const;

/** What the console says of a loader, and what keeps a trial from being confirmed. */
function system(loader: LoaderVerdict) {
  const lines: string[] = [];
  const verified = verifySystem(
    {
      console: { line: (text) => void lines.push(text) },
      verifyBank: () => ({ problem: undefined, signed: [], files: [], packages: [], loader }),
    },
    bank,
  );
  const checks = ['loader'] as const;
  const health = systemHealth(
    {
      command: { layers: [] } as never,
      settings: {
        agents: [],
        firstBoot: { trustedNetwork: false },
        health: { watchdogSeconds: 60, trialSeconds: 60, checks, trialChecks: [] },
      } as never,
      faults: new Set(),
      readMounts: () => '',
      hostAddresses: () => [],
      memoryParts: () => [],
      settingProblems: () => [],
    },
    {
      agents: [],
      drivers: { devices: 0, loaded: [], failed: [] },
      keeper: { report: () => ({ problem: null }) as never },
      verified,
      packages: { problems: () => [], isUnchecked: () => false },
      storage: { problems: () => [] },
      resources: { problems: () => [] },
      coredump: { armProblem: () => undefined, problems: () => [] },
      network: { problems: () => [] },
      agentHealth: { problems: () => [] },
      clockProblem: () => undefined,
      bankProblem: () => undefined,
    },
  );
  return { lines, problems: health.blocking(true) };
}

describe('the loader of a running system', () => {
  it('is an ill one where no manifest lists it, and says so', () => {
    const found = system({ state: 'wrong', build: null, findings: [other] });
    expect(found).toEqual({ lines: ['loader: other'], problems: ['loader: other'] });
  });

  it('is an ill one with anything else that is wrong beside a key that was given up', () => {
    const found = system({ state: 'wrong', build: null, findings: [lost, other] });
    expect(found.problems).toEqual(['loader: whose?']);
  });

  it('may be older, of a key that was given up, or not covered: that is said, and no illness', () => {
    expect(system({ state: 'older', build: '1.0-1', findings: [older] })).toEqual({
      ...{ lines: ['loader: older'], problems: [] },
    });
    expect(system({ state: 'untrusted', build: '1.0-1', findings: [lost] })).toEqual({
      ...{ lines: ['loader: whose?'], problems: [] },
    });
    expect(system({ state: 'not-covered', build: null, findings: [] })).toEqual({
      ...{ lines: ['loader: not covered: no manifest of this disk has its hashes'], problems: [] },
    });
  });
});
