import { escapeXml } from '../../diagnostics/xml-text.ts';
/** What a descriptor tells of an appliance with one disk. */
export interface Appliance {
  /** `NAME-VERSION` */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly product: string;
  /** `version-build` */
  readonly build: string;
  readonly disk: {
    readonly fileName: string;
    /** Of the file, of the disk in it, and of what that holds. */
    readonly fileBytes: number;
    readonly capacity: number;
    readonly populated: number;
  };
}

/** Kernel modules without which the machine below finds neither disk nor network. */
export const neededDrivers = ['vmw_pvscsi', 'vmxnet3'] as const;

/** A host with the console and room for a virtual machine or two; whoever imports it changes what he likes. */
const cpus = 2;
const memoryMiB = 2048;
/** vSphere 6.5, Workstation 14 and later. */
const hardware = 'vmx-13';
const controller = 3;

/** Resource types of CIM (CIM_ResourceAllocationSettingData.ResourceType). */
const types = { cpu: 3, memory: 4, scsi: 6, ethernet: 10, disk: 17, serial: 21 };

/** DMTF's name space of such settings. */
const settingData = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2';
const namespaces = {
  xmlns: 'http://schemas.dmtf.org/ovf/envelope/1',
  'xmlns:ovf': 'http://schemas.dmtf.org/ovf/envelope/1',
  'xmlns:rasd': `${settingData}/CIM_ResourceAllocationSettingData`,
  'xmlns:vssd': `${settingData}/CIM_VirtualSystemSettingData`,
  'xmlns:vmw': 'http://www.vmware.com/schema/ovf',
};

/**
 * The OVF descriptor of a machine for VMware (DMTF DSP0243 1.1): UEFI, the disk on pvscsi, a vmxnet3 card, a serial port,
 * virtualisation for the machines inside. What only VMware knows is marked as not required.
 */
export function encodeOvf(appliance: Appliance): string {
  const { name, title, description, product, build, disk } = appliance;
  const format = 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized';
  const disks = `ovf:capacity="${disk.capacity}" ovf:capacityAllocationUnits="byte" ovf:populatedSize="${disk.populated}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope ${attributes(namespaces)}>
  <References>
    <File ovf:id="file1" ovf:href="${escapeXml(disk.fileName)}" ovf:size="${disk.fileBytes}"/>
  </References>
  <DiskSection>
    <Info>The disk of the host: both banks, core dumps, store</Info>
    <Disk ovf:diskId="disk1" ovf:fileRef="file1" ${disks} ovf:format="${format}"/>
  </DiskSection>
  <NetworkSection>
    <Info>The networks that the host is on</Info>
    <Network ovf:name="VM Network">
      <Description>The network by which the host is managed</Description>
    </Network>
  </NetworkSection>
  <VirtualSystem ovf:id="${escapeXml(name)}">
    <Info>${escapeXml(description)}</Info>
    <Name>${escapeXml(name)}</Name>
    <OperatingSystemSection ovf:id="101" vmw:osType="otherLinux64Guest">
      <Info>What runs in the machine</Info>
      <Description>Linux, 64 bits</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>${cpus} processors, ${memoryMiB} MiB of memory, a disk, a network card, a serial port</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>${escapeXml(name)}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>${hardware}</vssd:VirtualSystemType>
      </System>
${items().map(itemText).join('\n')}
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
      <vmw:Config ovf:required="false" vmw:key="nestedHVEnabled" vmw:value="true"/>
    </VirtualHardwareSection>
    <ProductSection>
      <Info>What the disk holds</Info>
      <Product>${escapeXml(title)}</Product>
      <Vendor>${escapeXml(product)}</Vendor>
      <Version>${escapeXml(build.replace(/-[^-]*$/, ''))}</Version>
      <FullVersion>${escapeXml(build)}</FullVersion>
    </ProductSection>
  </VirtualSystem>
</Envelope>
`;
}

interface Item {
  /** The host may leave it out. */
  readonly optional?: true;
  readonly values: Readonly<Record<string, string | number | boolean>>;
  /** VMware's own settings of it. */
  readonly config?: Readonly<Record<string, string | boolean>>;
}

function items(): Item[] {
  const devices: readonly Item[] = [
    {
      values: {
        AllocationUnits: 'hertz * 10^6',
        Description: 'Number of Virtual CPUs',
        ElementName: `${cpus} processors`,
        ResourceType: types.cpu,
        VirtualQuantity: cpus,
      },
    },
    {
      values: {
        AllocationUnits: 'byte * 2^20',
        Description: 'Memory Size',
        ElementName: `${memoryMiB} MiB of memory`,
        ResourceType: types.memory,
        VirtualQuantity: memoryMiB,
      },
    },
    {
      values: {
        Address: 0,
        Description: 'SCSI Controller',
        ElementName: 'SCSI controller 0',
        ResourceSubType: 'VirtualSCSI',
        ResourceType: types.scsi,
      },
    },
    {
      values: {
        AddressOnParent: 0,
        ElementName: 'Hard disk 1',
        HostResource: 'ovf:/disk/disk1',
        Parent: controller,
        ResourceType: types.disk,
      },
    },
    {
      values: {
        AddressOnParent: 7,
        AutomaticAllocation: true,
        Connection: 'VM Network',
        ElementName: 'Network adapter 1',
        ResourceSubType: 'VmxNet3',
        ResourceType: types.ethernet,
      },
    },
    {
      optional: true,
      values: {
        AutomaticAllocation: false,
        ElementName: 'Serial port 1',
        ResourceSubType: 'vmware.serialport.device',
        ResourceType: types.serial,
      },
      config: { yieldOnPoll: true },
    },
  ];
  return devices.map((item, index) => ({
    ...item,
    values: { ...item.values, InstanceID: index + 1 },
  }));
}

/** The schema wants the elements in the order of their names. */
function itemText({ optional, values, config = {} }: Item): string {
  const elements = Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `        <rasd:${key}>${escapeXml(String(value))}</rasd:${key}>`);
  const settings = Object.entries(config).map(
    ([key, value]) =>
      `        <vmw:Config ovf:required="false" vmw:key="${key}" vmw:value="${value}"/>`,
  );
  const open = optional ? '<Item ovf:required="false">' : '<Item>';
  return [`      ${open}`, ...elements, ...settings, '      </Item>'].join('\n');
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}="${value}"`)
    .join(' ');
}
