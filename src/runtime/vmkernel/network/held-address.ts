/** The IPv4 address that an interface has, or is to have as soon as it is told to the kernel. */
export interface HeldAddress {
  readonly from: 'static' | 'dhcp' | 'link-local';
  readonly address: string;
  readonly prefix: number;
  /** Empty where there is none. */
  readonly router: string;
  readonly dns: readonly string[];
  readonly search: readonly string[];
  /** Time servers. */
  readonly timeServers: readonly string[];
}

/** How an interface comes to its address: one of the settings, or one of a server. */
export interface AddressSource {
  /** Undefined for as long as there is none. */
  held(): HeldAddress | undefined;
  /** What a person has to know, one sentence; undefined where all is well. */
  problem(): string | undefined;
  /** The cable is back: what was true before may not be. */
  linkUp(): void;
  /** Ends what it has started; resolves when that is gone. */
  stop(): Promise<void>;
}

/** What address sources do to the world. */
export interface AddressPort {
  /** The name of the interface, and its hardware address. */
  readonly name: string;
  readonly mac: string;
  /** Asks the network whether somebody has the address (RFC 5227); takes a second. */
  isTaken(address: string): Promise<boolean>;
  /** Whether the switch of the interface has a cable. */
  hasLink(): boolean;
  /** Hears that `held` or `problem` is another one now. */
  changed(): void;
  /** Calls back after a time; returns what calls that off. */
  after(ms: number, act: () => void): () => void;
}
