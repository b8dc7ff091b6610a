import { basename } from 'node:path';
import { packageVersion } from '../../host/package-root.ts';
import type { JsonObject } from '../../update/signing/canonical-json.ts';
import { provenanceType, type Subject, statementType } from '../../update/signing/statement.ts';
import type { Resolved } from '../components/component.ts';
import { ownPackage } from './own-package.ts';
import { componentUrl, type InventoryPackage } from './package.ts';

/** What a build was asked for, as whoever asked would say it again: every command that builds an image describes it by this. */
export interface BuildRequest {
  /** Path of the recipe file. */
  readonly recipe: string;
  readonly set: readonly string[];
  /** Undefined: those of the recipe. */
  readonly oem?: readonly string[] | undefined;
  readonly locked: boolean;
}

/** `externalParameters` of a request. Without folders: the same build on another machine says the same. */
export function requestParameters({ recipe, set, oem, locked }: BuildRequest): JsonObject {
  return {
    recipe: basename(recipe),
    set: [...set],
    oem: oem?.map((path) => basename(path)) ?? null,
    locked,
  };
}

interface ProvenanceFacts {
  readonly parameters: JsonObject;
  readonly subjects: readonly Subject[];
  /** The components of all of it. */
  readonly used: readonly Resolved[];
  /** What the loader is made of: of the host's packages there is no hash. */
  readonly loader: readonly InventoryPackage[];
}

/**
 * The provenance of a build: an in-toto statement v1 with the SLSA provenance v1 predicate, as JSON. It has no time and
 * no number of an invocation, so the same inputs give the same bytes.
 */
export function provenanceOf({ parameters, subjects, used, loader }: ProvenanceFacts): string {
  const own = ownPackage();
  const ofHost = loader.filter(({ purl }) => purl !== own.purl);
  const statement = {
    _type: statementType,
    subject: subjects,
    predicateType: provenanceType,
    predicate: {
      buildDefinition: {
        buildType: 'urn:twinbank:image:1',
        externalParameters: parameters,
        internalParameters: {},
        resolvedDependencies: [
          ...unique(used).map(dependencyOf),
          ...ofHost.map(({ purl }) => ({ uri: purl, annotations: { from: 'host' } })),
          { uri: own.purl },
        ],
      },
      runDetails: {
        builder: { id: 'urn:twinbank:build', version: { twinbank: packageVersion() } },
      },
    },
  };
  return `${JSON.stringify(statement, null, 1)}\n`;
}

function unique(used: readonly Resolved[]): Resolved[] {
  const rows = new Map(used.map((one) => [`${one.id} ${one.version}`, one]));
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function dependencyOf(component: Resolved) {
  const { scheme, sha256, integrity } = component;
  const uri = componentUrl(component);
  // Of the recipe's own files the hash is of a canonical listing (src/builder/components/directory-tree.ts).
  if (scheme === 'file') return { uri, digest: { twinbankTree: sha256 } };
  const sha512 = integrity?.startsWith('sha512-')
    ? Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex')
    : undefined;
  return { uri, digest: { sha256, ...(sha512 && { sha512 }) } };
}
