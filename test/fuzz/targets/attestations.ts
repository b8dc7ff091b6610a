import { encodeInventory, readInventory } from '../../../src/builder/inventory/inventory.ts';
import { expressionOf, unknownLicence } from '../../../src/builder/inventory/licence.ts';
import { genericPackage } from '../../../src/builder/inventory/package.ts';
import { findFile } from '../../../src/compare/find-file.ts';
import { listLicences, listPackages } from '../../../src/compare/list-packages.ts';
import { openEnvelope, sealEnvelope } from '../../../src/update/signing/dsse.ts';
import { developmentKey } from '../../../src/update/signing/key.ts';
import {
  provenanceType,
  readSubjects,
  statementPayload,
  statementType,
} from '../../../src/update/signing/statement.ts';
import { mutateJson } from '../json-mutations.ts';
import { type FuzzTarget, taken } from '../target.ts';

const digest = 'ab'.repeat(32);
const about = { name: 'a', version: '1', supplier: 'A' };
const modules = [
  {
    module: 'm',
    packages: [
      genericPackage({
        ...about,
        licence: { basis: 'copyright file', terms: ['MIT OR ISC', 'X11'] },
      }),
      genericPackage({ ...about, version: '2', licence: unknownLicence('a test') }),
    ],
    files: [
      { path: 'bin', target: 'usr/bin', package: 1 },
      { path: 'loop', target: '../loop/loop', package: 1 },
      { path: 'usr/bin/x', sha256: digest, package: 0, from: 'bin/x', changed: true as const },
    ],
  },
];
const facts = { file: 'm.v00', version: '1', vendor: 'A', kind: 'base', sha256: digest };

export const inventory: FuzzTarget = {
  name: 'inventory',
  seeds: () => [encodeInventory(modules), encodeInventory([])],
  mutate: (input, random, other) =>
    mutateJson(input, random, other, ['..', '/', 'usr/bin', 'unknown', 'references', 'target', '']),
  run(input) {
    const read = readInventory(input, 'x');
    const system = {
      ...{ product: 'p', build: '1-1', store: [], loader: read[0] },
      modules: read.map((one) => ({ ...facts, name: one.module, inventory: one })),
    };
    for (const path of ['/bin/x', 'loop/loop/x', 'usr/bin/x']) findFile(system, path);
    const packages = listPackages(system);
    listLicences(packages, 'mit');
    for (const one of packages) expressionOf(one.package.licence);
    return taken;
  },
};

const statement = Buffer.from(
  JSON.stringify({
    ...{ _type: statementType, predicateType: provenanceType },
    subject: [{ name: 'base.json', digest: { sha256: digest } }],
    predicate: {},
  }),
);

export const envelope: FuzzTarget = {
  name: 'dsse',
  seeds: () => [sealEnvelope(statementPayload, statement, developmentKey)],
  mutate: (input, random, other) =>
    mutateJson(input, random, other, [statementPayload, 'payload', 'sig', 'keyid', 'AA==', 'AAA']),
  run(input) {
    readSubjects(openEnvelope(input, [developmentKey.public], 'x').payload, 'x');
    return taken;
  },
};

/** What a trusted key has signed can be anything. */
export const subjects: FuzzTarget = {
  name: 'provenance',
  seeds: () => [statement],
  mutate: (input, random, other) =>
    mutateJson(input, random, other, [statementType, provenanceType, 'subject', 'digest', digest]),
  run(input) {
    readSubjects(input, 'x');
    return taken;
  },
};
