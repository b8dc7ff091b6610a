import { createHash } from 'node:crypto';
import * as Enums from '@cyclonedx/cyclonedx-library/Enums';
import * as Models from '@cyclonedx/cyclonedx-library/Models';
import * as Serialize from '@cyclonedx/cyclonedx-library/Serialize';
import * as Spec from '@cyclonedx/cyclonedx-library/Spec';
import { deriveGuid } from '../../disk/guid.ts';
import { canonical, type ModuleInventory } from './inventory.ts';
import type { InventoryPackage } from './package.ts';
import { packageComponent, propertiesOf, sha256Of } from './sbom-component.ts';
import type { SystemInventory } from './system.ts';

/** A package in the document: the same one can be in several modules. */
interface Placed {
  readonly place: string;
  readonly about: InventoryPackage;
  readonly component: Models.Component;
}

/**
 * The CycloneDX 1.7 document of a system, as JSON: the image, its modules, in each its packages, in each package the
 * files that are in this module. It depends on the system and twinbank's version alone: it has no time, and its
 * serial number follows from its content.
 */
export function sbomOf(system: SystemInventory, tool: { version: string }): string {
  const { product, build, modules, store, loader } = system;
  const bom = new Models.Bom();
  const placed: Placed[] = [];
  const image = new Models.Component(Enums.ComponentType.Firmware, product, {
    bomRef: 'image',
    version: build,
    supplier: new Models.OrganizationalEntity({ name: 'twinbank' }),
  });
  bom.metadata.component = image;
  bom.metadata.lifecycles.add(Enums.LifecyclePhase.Build);
  bom.metadata.tools.components.add(
    new Models.Component(Enums.ComponentType.Application, 'twinbank', {
      version: tool.version,
      licenses: new Models.LicenseRepository([new Models.SpdxLicense('Apache-2.0')]),
    }),
  );
  for (const one of modules) {
    const { name, file, version, vendor, kind, sha256, inventory } = one;
    const component = new Models.Component(Enums.ComponentType.Firmware, name, {
      bomRef: name,
      version,
      hashes: sha256Of(sha256),
      supplier: new Models.OrganizationalEntity({ name: vendor }),
      properties: propertiesOf({
        file,
        kind,
        inventory: inventory ? '' : 'none',
        ...Object.fromEntries(
          (inventory?.uses ?? []).map((one) => [`uses:${one.module}`, one.libraries.join(' ')]),
        ),
      }),
    });
    if (inventory) placed.push(...fill(component, name, inventory));
    add(bom, image, component);
  }
  if (loader) {
    const name = 'bootloader';
    const component = new Models.Component(Enums.ComponentType.Firmware, name, { bomRef: name });
    placed.push(...fill(component, name, loader));
    add(bom, image, component);
  }
  for (const { name, sha256, version, packages, files = [] } of store) {
    const component = new Models.Component(Enums.ComponentType.File, name, {
      bomRef: `store/${name}`,
      ...(version && { version }),
      hashes: sha256Of(sha256),
    });
    const inventory = { module: name, packages, files };
    placed.push(...fill(component, `store/${name}`, inventory));
    add(bom, image, component);
  }
  connect(placed);
  const content = createHash('sha256').update(canonical(system)).digest('hex');
  bom.serialNumber = `urn:uuid:${deriveGuid('twinbank sbom', content).toLowerCase()}`;
  const normalizers = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot7);
  // In our order: the library's own would follow the locale.
  return `${new Serialize.JsonSerializer(normalizers).serialize(bom, { sortLists: false, space: 1 })}\n`;
}

function add(bom: Models.Bom, image: Models.Component, component: Models.Component): void {
  bom.components.add(component);
  image.dependencies.add(component.bomRef);
}

/** Puts packages and files into a component. */
function fill(
  component: Models.Component,
  place: string,
  { packages, files }: ModuleInventory,
): Placed[] {
  return packages.map((about, index) => {
    const one = packageComponent(about, `${place}/${about.purl}`);
    for (const file of files.filter((row) => row.package === index && row.sha256)) {
      const { path, sha256 = '', from = '', changed, standsFor } = file;
      one.components.add(
        new Models.Component(Enums.ComponentType.File, `/${path}`, {
          bomRef: `${place}:/${path}`,
          hashes: sha256Of(sha256),
          properties: propertiesOf({
            from,
            changed: changed ? 'true' : '',
            // Named, and no component: nobody is to look for its faults, or owe what its licence asks for.
            standsFor: standsFor?.purl ?? '',
          }),
        }),
      );
    }
    component.components.add(one);
    component.dependencies.add(one.bomRef);
    return { place, about, component: one };
  });
}

/** What packages need of one another, where the system has it: in the same module first, else the first that has. */
function connect(placed: readonly Placed[]): void {
  const kindOf = ({ purl }: InventoryPackage): string => purl.slice(0, purl.indexOf('/'));
  for (const { place, about, component } of placed) {
    for (const name of about.depends) {
      const found = placed.filter(
        (one) => one.about.name === name && kindOf(one.about) === kindOf(about),
      );
      const near = found.find((one) => one.place === place) ?? found[0];
      if (near && near.component !== component) component.dependencies.add(near.component.bomRef);
    }
  }
}
