/**
 * What a CIM provider is: the interface between the object manager of the bank and whoever knows a part of its
 * hardware (docs/cim.md). The terms are DMTF's: DSP0004 for the model, DSP0200 for operations and status codes,
 * DSP0223 for the generic operations. A provider imports this, files of its own folder, and nothing else; what it
 * sees of the host comes through {@link CimHost}, so that it runs on a build machine as well.
 */

/** The version of this interface: the base of a bank provides it as `cim-api`, and providers require it. */
export const cimApi = 1;

/** The one namespace that providers serve. */
export const cimNamespace = 'root/cimv2';

/** Intrinsic types (DSP0004 5.2.3). A `datetime` is 25 characters (5.2.4, {@link cimDatetime}), a `reference` an object path. */
export type CimType =
  | 'boolean'
  | 'string'
  | 'datetime'
  | 'reference'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'sint8'
  | 'sint16'
  | 'sint32'
  | 'sint64'
  | 'real32'
  | 'real64';

type CimScalar = string | number | boolean;

/** Integers are safe ones of JavaScript; null says that there is no value, as a property that is left out does. */
export type CimValue = CimScalar | readonly CimScalar[] | null;

/** The properties of an instance, or the parameters of a method, by name. */
export type CimInstance = Readonly<Record<string, CimValue>>;

/** A property or a parameter without its name; `units`, `values` and `maxLen` are the qualifiers of DSP0004 5.6. */
export interface CimElement {
  readonly type: CimType;
  readonly array?: true;
  readonly description?: string;
  /** PUnit (DSP0004 annex C), such as `degree C` or `rpm`. */
  readonly units?: string;
  /** ValueMap with its Values; a value that is not among them is refused. */
  readonly values?: Readonly<Record<string, string>>;
  readonly maxLen?: number;
}

export interface CimProperty extends CimElement {
  /** Part of every object path of the class. */
  readonly key?: true;
  readonly required?: true;
}

export interface CimParameter extends CimElement {
  /** Default: `in`. */
  readonly direction?: 'in' | 'out';
  readonly required?: true;
}

/** The signature of a method (DSP0004 5.1.2.9). */
export interface CimMethod {
  readonly description: string;
  readonly parameters: Readonly<Record<string, CimParameter>>;
  readonly returns: CimType;
  /** ValueMap with the Values of what it returns. */
  readonly values?: Readonly<Record<string, string>>;
}

/** The schema of a class: what it adds to its superclass. */
export interface CimClass {
  /** `SCHEMA_Name`; a provider's schema is its vendor's and not CIM. */
  readonly name: string;
  readonly superclass?: string;
  readonly abstract?: true;
  readonly description: string;
  readonly properties: Readonly<Record<string, CimProperty>>;
  readonly methods?: Readonly<Record<string, CimMethod>>;
}

/** What a method gives back. */
export interface MethodResult {
  readonly returnValue: CimScalar;
  readonly out?: CimInstance;
}

/** The extrinsic method that a provider implements. `keys` are those of the instance that it is called on. */
export interface ProvidedMethod extends CimMethod {
  invoke(
    call: { readonly keys: CimInstance; readonly parameters: CimInstance },
    host: CimHost,
  ): Promise<MethodResult> | MethodResult;
}

/**
 * A class of a provider. Every answer is held against the schema, inherited properties included; an instance that
 * is not of it fails the operation and names the provider. `CreationClassName` is filled in where the class has it
 * and the provider does not say it.
 */
export interface ProvidedClass extends CimClass {
  readonly methods?: Readonly<Record<string, ProvidedMethod>>;
  /** EnumerateInstances. An indication has none. */
  enumerate?(host: CimHost): Promise<readonly CimInstance[]> | readonly CimInstance[];
  /** GetInstance, where that is cheaper than to enumerate and compare keys. Undefined: there is none. */
  get?(
    keys: CimInstance,
    host: CimHost,
  ): Promise<CimInstance | undefined> | CimInstance | undefined;
}

export interface CimProvider {
  readonly classes: readonly ProvidedClass[];
  /** Started with the system where there is one, to raise indications; one that ends is not started again. */
  monitor?(host: CimHost): Promise<void>;
}

/** Says what it gets, so that the types of a provider are checked where it is written. */
export function defineProvider<P extends CimProvider>(provider: P): P {
  return provider;
}

/** One structure of the SMBIOS table (DMTF DSP0134). */
export interface SmbiosStructure {
  readonly type: number;
  readonly handle: number;
  /** The formatted area, its header included: offsets are those of DSP0134. */
  readonly bytes: Uint8Array;
  /** The string whose number is at this offset; undefined where there is none, or it is blank. */
  text(offset: number): string | undefined;
  /** The little-endian number at this offset; undefined where the structure is too short to have it. */
  number(offset: number, bytes: 1 | 2 | 4): number | undefined;
}

/** One value of a hwmon chip (kernel documentation, hwmon/sysfs-interface), in the units of its type. */
export interface HwmonReading {
  /** `nvme`, `coretemp`, ... */
  readonly chip: string;
  /** The device behind the chip, stable over reboots: `0000:00:04.0`. */
  readonly device: string;
  /** `temp1`, `fan2`, `in0`, `power1`, ... */
  readonly channel: string;
  readonly kind: 'temp' | 'fan' | 'in' | 'curr' | 'power';
  /** What the driver calls it, or the channel. */
  readonly label: string;
  /** Degrees, revolutions a minute, volts, amperes, watts; undefined where it cannot be read now. */
  readonly value: number | undefined;
  /** `max`, `crit`, `min`, ... in the same unit, those that there are. */
  readonly limits: Readonly<Record<string, number>>;
  /** What the chip itself says of its limits. */
  readonly alarm: boolean;
  /** Folder of the chip: `/sys/class/hwmon/hwmon0`. */
  readonly folder: string;
}

/** What a provider sees of the host. Nothing here waits for ever; paths are absolute and those of the host. */
export interface CimHost {
  /** The host's name in keys: SystemName, and Name of its CIM_ComputerSystem. */
  readonly systemName: string;
  /** A file of procfs or sysfs without blanks at its ends; undefined where it is missing or cannot be read now. */
  read(path: string): string | undefined;
  /** Names in a folder, sorted; none where it is missing. */
  list(path: string): readonly string[];
  /** Writes an attribute that provider.yaml grants under `cim.writes`. Throws CimError `access-denied` for others. */
  write(path: string, text: string): void;
  smbios(): readonly SmbiosStructure[];
  hwmon(): readonly HwmonReading[];
  /**
   * Runs a program that provider.yaml lists under `programs`, by its name, and gives what it prints; `asRoot` for one
   * that insists on being root, though the rights of the provider's user are enough for it. Throws CimError `failed`.
   */
  run(
    program: string,
    args: readonly string[],
    options?: { timeoutMs?: number; asRoot?: boolean },
  ): Promise<string>;
  now(): Date;
  /** For monitors; throws CimError `failed` once the provider has to end. */
  sleep(ms: number): Promise<void>;
  /** True once the provider has to end. */
  readonly ending: boolean;
  /**
   * Raises an indication of a class below CIM_Indication, of this provider or a standard one. IndicationIdentifier,
   * IndicationTime, SystemName and ProviderName are filled in where they are missing.
   */
  indicate(className: string, indication: CimInstance): void;
}

/** Status codes of DSP0200 5.2.6 that providers and the object manager use. */
export const cimStatus = {
  failed: 1,
  'access-denied': 2,
  'invalid-namespace': 3,
  'invalid-parameter': 4,
  'invalid-class': 5,
  'not-found': 6,
  'not-supported': 7,
  'method-not-available': 16,
  'method-not-found': 17,
} as const;

export type CimStatus = keyof typeof cimStatus;

/** What an operation can end in beside an answer; anything else that is thrown counts as `failed`. */
export class CimError extends Error {
  readonly status: CimStatus;
  constructor(status: CimStatus, message: string) {
    super(message);
    this.name = 'CimError';
    this.status = status;
  }
}

/** `yyyymmddhhmmss.mmmmmm+000` in UTC (DSP0004 5.2.4). */
export function cimDatetime(time: Date): string {
  const [date = '', clock = ''] = time.toISOString().split('T');
  return `${date.replaceAll('-', '')}${clock.slice(0, 8).replaceAll(':', '')}.${clock.slice(9, 12)}000+000`;
}
