import { sealEnvelope } from '../../update/signing/dsse.ts';
import { developmentKey } from '../../update/signing/key.ts';
import { type Subject, statementDigest, statementPayload } from '../../update/signing/statement.ts';
import type { BuildOptions, PreparedImage } from '../build-image.ts';
import { provenanceOf, requestParameters } from './provenance.ts';
import type { SystemInventory } from './system.ts';

interface Attested {
  readonly sbom: string;
  readonly bmap: string;
  /** `NAME-VERSION`, whatever the results are called. */
  readonly name: string;
  readonly prepared: PreparedImage;
  readonly system: SystemInventory;
  readonly options: BuildOptions;
}

/**
 * The SBOM, the provenance and its signed envelope, by their endings. The provenance is of the block map, which has
 * the hash of every block that is not zero and so stands for each byte of the image; of the signed manifests, by which
 * a bank or a bundle is known wherever it goes; and of modules, packages and SBOM. Not of the image's own
 * hash: to read 752 MiB of mostly zeros costs as much as all else of a build.
 */
export function attestations(attested: Attested): Record<string, string> {
  const { sbom, prepared, system, options } = attested;
  const { recipe, key = developmentKey, request, identity } = options;
  const statement = provenanceOf({
    parameters: {
      ...requestParameters(request),
      unique: identity !== undefined,
      product: recipe.product,
      build: buildOf(prepared),
    },
    subjects: subjectsOf(attested),
    used: prepared.used,
    loader: system.loader?.packages ?? [],
  });
  const envelope = sealEnvelope(statementPayload, Buffer.from(statement), key);
  return {
    'cdx.json': sbom,
    'provenance.json': statement,
    'provenance.dsse.json': Buffer.from(envelope).toString('utf8'),
  };
}

function subjectsOf({ sbom, bmap, name, prepared }: Attested): Subject[] {
  const { manifests, modules, packages } = prepared;
  return [
    { name: `${name}.bmap`, digest: statementDigest(bmap) },
    { name: `${name}.cdx.json`, digest: statementDigest(sbom) },
    ...manifests.map(({ manifest: { origin }, bytes }) => {
      return { name: `${origin}.json`, digest: statementDigest(bytes) };
    }),
    ...modules.map(({ fileName, sha256 }) => ({ name: fileName, digest: { sha256 } })),
    ...packages.map((one) => ({ name: one.name, digest: { sha256: one.sha256 } })),
  ];
}

function buildOf({ manifests }: PreparedImage): string {
  return manifests[0]?.manifest.build ?? '';
}
