/** POST /skein/v1/backup */
export interface BackupRequest {
  /** What protects the file; empty: the unlock key when autolock is on, and else nothing. */
  readonly Passphrase: string;
}

/** POST /skein/v1/restore */
export interface RestoreRequest {
  /** The whole file. */
  readonly Backup: string;
  /** The passphrase or unlock key by which it is protected; empty when it is not. */
  readonly Secret: string;
  /** As in POST /swarm/init. */
  readonly ListenAddr: string;
  readonly AdvertiseAddr: string;
  readonly DataPathAddr: string;
}
