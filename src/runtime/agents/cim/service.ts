import { parseJson } from '../../../protocol/form.ts';
import { descriptionForm } from './description-form.ts';
import { indicationLog } from './indication-log.ts';
import { type CimMethods, cimMethods } from './methods.ts';
import { labelOf, objectManager } from './object-manager.ts';
import { cimApi } from './provider.ts';
import type { ProviderDescription } from './provider-description.ts';
import type { ProviderProcess, ProviderProcessOptions } from './provider-process.ts';
import type { CimSetup } from './setup.ts';

/** What the object manager needs of the system around it. */
export interface ServiceHost {
  /** As long as the agent runs: vmkd starts another one when the host gets another name. */
  readonly systemName: string;
  now(): Date;
  readText(path: string): string;
  /** The process of the provider whose bundle this is. */
  provider(
    bundle: string,
    options: Pick<ProviderProcessOptions, 'description' | 'onIndication' | 'onTrouble'>,
  ): ProviderProcess;
  /** One sentence for the log. */
  report(why: string): void;
}

/** Characters of an indication: of the last 500 each is kept. */
const mostOfIndication = 32 << 10;

export interface CimService {
  readonly methods: CimMethods;
  /** Starts the providers that monitor something. */
  start(): void;
}

/** The object manager with the providers that were there when it started; those that cannot be used are reported. */
export function cimService({ providers }: CimSetup, host: ServiceHost): CimService {
  const { systemName, now, report } = host;
  const log = indicationLog();
  const processes = providers.flatMap((path) => {
    const description = readDescription(path, host);
    if (!description) return [];
    const handle = host.provider(path.replace(/\.json$/, '.mjs'), {
      description,
      onIndication: (className, raised) => {
        try {
          const { length } = JSON.stringify(raised);
          if (length > mostOfIndication) {
            throw new Error(`expected at most ${mostOfIndication} characters, found ${length}`);
          }
          log.add(manager.completeIndication(handle, className, raised));
        } catch (error) {
          report(`indication of ${labelOf(handle)}: ${(error as Error).message}`);
        }
      },
      onTrouble: report,
    });
    return [handle];
  });
  const manager = objectManager(processes, { systemName, now });
  for (const why of manager.refused) report(why);
  return {
    methods: cimMethods(manager, log),
    start: () => {
      for (const one of processes) one.start();
    },
  };
}

function readDescription(
  path: string,
  { readText, report }: ServiceHost,
): ProviderDescription | undefined {
  try {
    const description = parseJson(readText(path), descriptionForm, path);
    if (description.api === cimApi) return description;
    report(
      `${path}: expected a provider for interface ${cimApi}, found one for ${description.api}`,
    );
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    report(code === 'json.form' ? message : `${path}: ${message}`);
  }
  return undefined;
}
