/** A disk of the host, as `storage.list` tells of it. */
export interface DiskReport {
  /** By its place: `vmhba1:C0:T0:L0`. */
  readonly name: string;
  /** By its world-wide name or serial number, where it has one. */
  readonly canonicalName: string;
  /** `/dev/vdb`: until the next start. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly model: string;
  readonly serial: string;
  readonly state: 'boot' | 'datastore' | 'blank' | 'formatting' | 'left-alone';
  /** Why it is left alone, or what is wrong with it. */
  readonly why: string | null;
}

export interface DatastoreReport {
  readonly name: string;
  /** Lower-case text. */
  readonly uuid: string;
  readonly type: 'ext4' | 'nfs';
  /** Bytes; null where it does not answer. */
  readonly capacity: number | null;
  readonly free: number | null;
  readonly accessible: boolean;
  readonly why: string | null;
  /** `/vmfs/volumes/UUID` */
  readonly path: string;
}

export interface StorageReport {
  readonly disks: readonly DiskReport[];
  readonly datastores: readonly DatastoreReport[];
  /** Where the scratch partition is mounted; null where no disk has one. */
  readonly scratch: string | null;
}
