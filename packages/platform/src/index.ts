export { readBackup, writeBackup } from "./backup/backup-file.ts";
export type { BackupHeader, BackupOptions, OpenedBackup } from "./backup/backup-file.ts";
export type { Protection, Protector, WrappedKey } from "./backup/protection.ts";
export { connectEtcd } from "./etcd/client.ts";
export type { EtcdClient, MemberAlarm, MemberStatus } from "./etcd/client.ts";
export type { Endpoints } from "./etcd/channels.ts";
export { USUAL_LIMITS } from "./etcd/commit-batch.ts";
export type { TxnLimits } from "./etcd/commit-batch.ts";
export { EtcdUpkeep } from "./etcd/upkeep.ts";
export type { UpkeepOptions } from "./etcd/upkeep.ts";
export { QUOTA_BYTES } from "./etcd/member-arguments.ts";
export { checkEtcdBinary } from "./etcd/etcd-binary.ts";
export { EtcdError } from "./etcd/etcd-error.ts";
export { openEtcdLog } from "./etcd/etcd-log.ts";
export type { EtcdLog, EtcdLogOptions } from "./etcd/etcd-log.ts";
export { hasMemberData, startEtcdMember, wipeMemberData } from "./etcd/etcd-member.ts";
export type { EtcdMember, EtcdMemberOptions, MemberEnd } from "./etcd/etcd-member.ts";
export { etcdHealth } from "./etcd/health.ts";
export type { EtcdHealth, MemberHealth } from "./etcd/health.ts";
export type { KnownMember, MemberSettings, MemberStart } from "./etcd/member-arguments.ts";
export {
  addMember,
  moveMember,
  promoteMember,
  removeMember,
  stepAside,
} from "./etcd/membership.ts";
export type { AddedMember, ChangeOptions } from "./etcd/membership.ts";
export { addressOfPeer } from "./etcd/peer-address.ts";
export type { DialPeer } from "./etcd/peer-carriage.ts";
export { openLmdbLog } from "./log/lmdb-log.ts";
export type { LmdbLogOptions } from "./log/lmdb-log.ts";
export { readManagerKey, writeManagerKey } from "./log/manager-key.ts";
export type { ManagerKey } from "./log/manager-key.ts";
export { KEY_BYTES, privateKeyKey } from "./shared/sealing.ts";
export { newAuthorityHandler } from "./pki/authority-handler.ts";
export type { AuthorityDecisions } from "./pki/authority-handler.ts";
export { createCertificateRequest, parseCertificateRequest } from "./pki/certificate-request.ts";
export type { NewRequest } from "./pki/certificate-request.ts";
export { readCredentials, writeCredentials } from "./pki/credential-files.ts";
export type { StoredCredentials } from "./pki/credential-files.ts";
export { newExternalSigner } from "./pki/external-signer.ts";
export type { ExternalAuthorities } from "./pki/external-signer.ts";
export { parseDesiredAuthority } from "./pki/desired-authority.ts";
export { joinCluster, renewCredentials } from "./pki/join.ts";
export type { JoinOptions, RenewOptions } from "./pki/join.ts";
export {
  formatJoinToken,
  isSameJoinToken,
  newJoinToken,
  parseJoinToken,
} from "./pki/join-token.ts";
export type { JoinToken } from "./pki/join-token.ts";
export { issueOwnCredentials, withRoots } from "./pki/own-credentials.ts";
export { lifeOf } from "./pki/certificate-life.ts";
export { createRootAuthority } from "./pki/root-authority.ts";
export type { RootAuthority } from "./pki/root-authority.ts";
export { newSigner } from "./pki/signer.ts";
export type { NodeCertificate, Signer } from "./pki/signer.ts";
export { issuerOf, nodeTlsInfo } from "./pki/tls-info.ts";
export type { TlsInfo } from "./pki/tls-info.ts";
export { formatUnlockKey, newUnlockKey, parseUnlockKey } from "./shared/unlock-key.ts";
export { removeUnfinishedWrites, writeFileAtomically } from "./shared/atomic-file.ts";
export { connectAuthority, authorityOver } from "./rpc/authority-client.ts";
export { authorityRoutes } from "./rpc/authority-methods.ts";
export { connectRpc } from "./rpc/client.ts";
export type { CallOptions, ConnectOptions, RpcConnection } from "./rpc/client.ts";
export type { ConnectAs } from "./rpc/dial.ts";
export { encode } from "./rpc/frames.ts";
export type { EncodedMessage } from "./rpc/frames.ts";
export { dialRaw, ETCD_PEER_PROTOCOL } from "./rpc/raw-connections.ts";
export type { RawDial, RawProtocol } from "./rpc/raw-connections.ts";
export { checkReach, offerReach } from "./rpc/reach-back.ts";
export type { ReachOffer } from "./rpc/reach-back.ts";
export type { NodePeer, Peer, RpcMethod } from "./rpc/router.ts";
export type { RpcStream } from "./rpc/rpc-stream.ts";
export { startRpcServer } from "./rpc/server.ts";
export type { RpcServer, RpcServerOptions } from "./rpc/server.ts";
export type {
  AuthorityConnection,
  AuthorityHandler,
  CertificateAuthority,
  CertificateRequest,
  IssuedCertificate,
  Trust,
} from "./shared/certificate-authority.ts";
export type { Credentials } from "./shared/credentials.ts";
export type { FileLock } from "./shared/file-lock.ts";
export { readIdentity } from "./shared/identity.ts";
export type { NodeIdentity, NodeRole } from "./shared/identity.ts";
export { normalCertificates } from "./shared/pem.ts";
export { rootDigest } from "./shared/root-digest.ts";
export { leafOf, validityOf, verifyChain } from "./shared/trust.ts";
export type { Validity } from "./shared/trust.ts";
export { systemClock } from "./system/clock.ts";
export { probeDisk } from "./system/disk.ts";
export type { DiskProbe } from "./system/disk.ts";
export { logLevels, newLogger, stderrLogger } from "./system/logger.ts";
export type { LoggerOptions, LogLevel } from "./system/logger.ts";
export { notifyServiceManager } from "./system/notify.ts";
export { claimDirectory } from "./system/claimed-directory.ts";
export { claimPidFile } from "./system/pid-file.ts";
export { systemRandom } from "./system/random.ts";
export { engineClient } from "./http/engine-client.ts";
export { formatListenAddress, parseListenAddress } from "./http/listen-address.ts";
export type { ListenAddress } from "./http/listen-address.ts";
export { listen } from "./http/listener.ts";
export type { Listener, ListenerOptions, ListenerTls } from "./http/listener.ts";
export { newEngineExecutor } from "./engine/executor.ts";
export type {
  EngineExecutor,
  EngineExecutorDependencies,
  EngineExecutorOptions,
} from "./engine/executor.ts";
export { newNameServer } from "./dns/server.ts";
export type { NameServer, NameServerOptions } from "./dns/server.ts";
export { newDiagnostics } from "./dataplane/diagnostics.ts";
export { deriveKey } from "./dataplane/encryption-support.ts";
export { newNameRedirection } from "./dataplane/name-redirection.ts";
export { newLinuxDataplane } from "./dataplane/dataplane.ts";
export type { LinuxDataplaneOptions } from "./dataplane/dataplane.ts";
