import * as Enums from '@cyclonedx/cyclonedx-library/Enums';
import * as Models from '@cyclonedx/cyclonedx-library/Models';
import { expressionOf, type Licence } from './licence.ts';
import type { InventoryPackage } from './package.ts';

/** A package as CycloneDX has it; what it has no member for is a property of ours. */
export function packageComponent(about: InventoryPackage, bomRef: string): Models.Component {
  const { name, version, purl, supplier, licence, homepage, source, sha256, integrity } = about;
  const hashes = sha256 ? sha256Of(sha256) : new Models.HashDictionary();
  if (integrity.startsWith('sha512-')) {
    const sha512 = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
    hashes.set(Enums.HashAlgorithm['SHA-512'], sha512);
  }
  const why = licence.why === undefined ? '' : `: ${licence.why}`;
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef,
    purl,
    hashes,
    ...(version && { version }),
    ...(supplier && { supplier: supplierOf(supplier) }),
    licenses: licensesOf(licence),
    externalReferences: new Models.ExternalReferenceRepository(
      homepage ? [new Models.ExternalReference(homepage, Enums.ExternalReferenceType.Website)] : [],
    ),
    properties: propertiesOf({ source, licence: `${licence.basis}${why}` }),
  });
}

/** An expression where there is one; texts that are only referred to by their names; nothing for what is unknown. */
function licensesOf(licence: Licence): Models.LicenseRepository {
  const expression = expressionOf(licence);
  const licenses =
    expression === undefined
      ? licence.terms.map((term) => new Models.NamedLicense(term))
      : [new Models.LicenseExpression(expression)];
  for (const one of licenses) one.acknowledgement = Enums.LicenseAcknowledgement.Declared;
  return new Models.LicenseRepository(licenses);
}

/** `Name <mail>`, as Debian writes maintainers. */
function supplierOf(text: string): Models.OrganizationalEntity {
  const [, name = text, email] = /^(.*?)\s*<([^<>\s]+@[^<>\s]+)>$/.exec(text) ?? [];
  const contact = email ? [new Models.OrganizationalContact({ name, email })] : [];
  return new Models.OrganizationalEntity({
    name,
    contact: new Models.OrganizationalContactRepository(contact),
  });
}

export function sha256Of(hex: string): Models.HashDictionary {
  return new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], hex]]);
}

/** `twinbank:NAME` for each that is not empty. */
export function propertiesOf(values: Readonly<Record<string, string>>): Models.PropertyRepository {
  const known = Object.entries(values).filter(([, value]) => value !== '');
  return new Models.PropertyRepository(
    known.map(([name, value]) => new Models.Property(`twinbank:${name}`, value)),
  );
}
