import type { ManifestModule, ManifestPackage } from '../../../bootloader/bank-manifest.ts';
import { humanSize } from '../../../diagnostics/size.ts';
import { type BundleReport, inspectBundle } from '../../../update/bundle/inspect-bundle.ts';
import { isDevelopmentKey } from '../../../update/signing/key.ts';
import type { Colors, Context, Result } from '../../command.ts';
import { openBundle, standardInput } from '../../standard-input.ts';
import { plain, wrap } from '../../text/plain-text.ts';
import { table } from '../../text/table.ts';
import { keysText } from '../../text/update-text.ts';
import { signedRow, signedText } from './bank-signers.ts';

/** What `inspect` shows of a bundle: all that it says of itself, and by which keys. */
export async function inspectBundleFile(
  context: Context,
  file: string,
  path: string,
): Promise<Result> {
  const { report, colors, columns } = context;
  const { source, bytes } = openBundle(context, { argument: 'image', file, path });
  let done = 0;
  const found = await inspectBundle(source, (bytes) => {
    done += bytes;
    report({ type: 'progress', task: 'check hashes', done, unit: 'bytes' });
  }).finally(() => source.close());
  const facts = { file, bytes: bytes(), ...factsOf(found) };
  return {
    json: bundleJson(facts),
    text: bundleText(facts, { colors, columns: Math.min(columns, 120) }),
    failure: found.problem,
  };
}

interface Listed {
  readonly name: string;
  readonly version: string;
  readonly origin: string;
  readonly bytes: number;
  readonly sha256: string;
  /** False where it is left out, as the older build has it. */
  readonly sent: boolean;
}

function factsOf({ index, signers, manifests, problem }: BundleReport) {
  const base = manifests.find(({ manifest }) => manifest.base)?.manifest;
  const paths = new Set(index.entries.map(({ path }) => path));
  const isSent = (path: string): boolean => paths.has(path);
  const moduleRow = (origin: string, one: ManifestModule): Listed & { kind: string } => {
    const { name, version, kind, bytes, sha256, file } = one;
    return { name, version, kind, origin, bytes, sha256, sent: isSent(`modules/${file}`) };
  };
  const packageRow = (one: ManifestPackage) => {
    const { name, bytes, sha256, id = null, type = null, version = '' } = one;
    const sent = isSent(`packages/${name}`);
    return { name, version, origin: 'store', bytes, sha256, sent, id, type };
  };
  return {
    index,
    signers,
    problem,
    development: signers.right.some(isDevelopmentKey),
    title: base?.base?.title ?? '',
    securityVersion: base?.base?.securityVersion ?? 0,
    minVersion: base?.base?.minVersion ?? '',
    trust: (base?.base?.trust ?? []).map(({ keyId }) => keyId),
    signed: manifests.map(({ manifest: { origin, version }, signers: { right } }) =>
      signedRow(origin, version, right),
    ),
    modules: manifests.flatMap(({ manifest: { origin, modules } }) =>
      modules.map((one) => moduleRow(origin, one)),
    ),
    packages: (base?.base?.packages ?? []).map(packageRow),
  };
}

type Facts = ReturnType<typeof factsOf> & { readonly file: string; readonly bytes: number };

function bundleJson(facts: Facts) {
  const { file, bytes, index, signers, signed, modules, packages, problem } = facts;
  const { product, version, build, from } = index;
  return {
    bundle: file,
    format: 'bundle',
    bytes,
    product,
    version,
    build,
    from: from ?? null,
    title: facts.title,
    securityVersion: facts.securityVersion,
    minVersion: facts.minVersion || null,
    trust: facts.trust.map((keyId) => ({ keyId, development: isDevelopmentKey(keyId) })),
    // By the keys that the bundle names itself, and the development key: `verify` asks for one that is trusted.
    verified: false,
    keyIds: signers.right,
    unknownKeyIds: signers.unknown,
    development: facts.development,
    signed,
    modules,
    packages: packages.map(({ name, bytes, sha256, sent, id, type, version }) => {
      return { name, bytes, sha256, sent, id, type, version: version || null };
    }),
    findings: problem ? [{ severity: 'error', code: problem.code, message: problem.message }] : [],
  };
}

function bundleText(facts: Facts, look: { colors: Colors; columns: number }): string {
  const { file, bytes, index, signers, trust, signed, modules, packages, problem } = facts;
  const { colors, columns } = look;
  const { product, build, from } = index;
  const minimum = facts.minVersion ? `${plain(facts.minVersion)} or newer` : 'any version';
  const line = (text: string, loud = false): string => {
    const wrapped = wrap(text, columns - 2, 4);
    return `  ${loud ? colors.yellow(wrapped) : wrapped}`;
  };
  const named = packages.map((one) => ({ ...one, name: one.id ?? one.name }));
  const rows = [...modules, ...named].map((one) => [
    ...[plain(one.name), plain(one.origin), plain(one.version), humanSize(one.bytes)],
    one.sent ? 'sent' : 'left out',
  ]);
  return [
    `${colors.bold(file === '-' ? standardInput : file)}: bundle of ${plain(build)} for ${plain(product)}, ${humanSize(bytes)}`,
    line(`security version ${facts.securityVersion}, for hosts with ${minimum}`),
    ...(from ? [line(`relative to ${plain(from.build)}: it leaves out what that has`)] : []),
    line(`trusts ${keysText(trust)}`, trust.some(isDevelopmentKey)),
    line(`signed by ${signersText(signers)}`, signers.right.length === 0 || facts.development),
    ...signed.map((one) => `  ${signedText(one, { colors, columns: columns - 2 })}`),
    '',
    table([['module', 'origin', 'version', 'size', ''], ...rows]),
    '',
    problem
      ? colors.red(wrap(`error: ${plain(problem.message)}`, columns, 2))
      : wrap(notVerified, columns, 2),
  ].join('\n');
}

const notVerified =
  'Whole, and its manifests are signed by keys that it names itself. Whether those are to be trusted is for you to say: twinbank verify FILE --key PUB.';

function signersText({ right, wrong, unknown }: Facts['signers']): string {
  const parts = [
    ...(right.length > 0 ? [keysText(right)] : []),
    ...(unknown.length > 0 ? [`${keysText(unknown)} (not checked, as it does not trust it)`] : []),
    ...(wrong.length > 0 ? [`${keysText(wrong)} (wrong)`] : []),
  ];
  return parts.join(', ') || 'nobody';
}
