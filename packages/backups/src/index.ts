export type { Backup } from './model/backup.ts';
export type {
  CountRange,
  DatabaseFingerprint,
  Fingerprint,
  ObjectCount,
  SequenceRange,
  ServerDatabase,
  ServerFingerprint,
  StreamFingerprint,
  TableRows,
  TreeFingerprint,
  TreeMember,
  ValueFingerprint,
  ValueParts,
} from './model/fingerprint.ts';
export type {
  Artifact,
  Layer,
  Manifest,
  NamedFiles,
  SnapshotRef,
  SourceIdentity,
  StoredDocument,
  ToolVersion,
} from './model/manifest.ts';
export { parseManifest } from './model/parse-manifest.ts';
export type { Sample, Sampled, SampleOption, SampleTaken } from './model/sample.ts';
export type {
  Compared,
  Verification,
  VerificationLevel,
  VerificationProblem,
} from './model/verification.ts';
export { parseVerification, reaches, VERIFICATION_LEVELS } from './model/verification.ts';

export type { StartChild } from './sources/child.ts';
export type { CommandEnd, DumpCommand } from './sources/command.ts';
export type {
  CommandDump,
  AnySource,
  Comparison,
  Difference,
  DumpFacts,
  DumpStream,
  Finding,
  RestoreGuide,
  Source,
  SourceSpec,
  StoredBackup,
  StreamedDump,
} from './sources/source.ts';
export type {
  AnswerRow,
  ServerAddress,
  ServerConnection,
  ServerPlace,
  ServerRestoreOptions,
  ServerSource,
  ServerTarget,
  Swapped,
} from './sources/servers/server-source.ts';
export { compareServers, serverFingerprint } from './sources/servers/compare-databases.ts';
export { startScratchServer } from './sources/servers/scratch-server.ts';
export type { ReadSecret, Workroom } from './sources/workroom.ts';
export { commandSource } from './sources/command/spec.ts';
export type { CommandOptions, CommandSpec } from './sources/command/spec.ts';
export type { CommandCall } from './sources/command/call.ts';
export type { Footer } from './sources/command/footer.ts';
export { commandKind } from './sources/command/command-kind.ts';
export type { CommandKindOptions } from './sources/command/command-kind.ts';
export { mysqlSource, mysqlTarget } from './sources/mysql/spec.ts';
export type {
  MysqlAddress,
  MysqlConnectOptions,
  MysqlOptions,
  MysqlTargetOptions,
  MysqlSpec,
  MysqlTarget,
} from './sources/mysql/spec.ts';
export { redisSource } from './sources/redis/spec.ts';
export type { RedisOptions, RedisSpec } from './sources/redis/spec.ts';
export { fileTree } from './sources/files/spec.ts';
export type { FilesSpec } from './sources/files/spec.ts';
export { sqliteSource } from './sources/sqlite/spec.ts';
export type { SqliteOptions, SqliteSpec } from './sources/sqlite/spec.ts';
export { openedFile } from './sources/opened-file.ts';
export { postgresSource, postgresTarget } from './sources/postgres/spec.ts';
export type {
  PostgresAddress,
  PostgresAddressOptions,
  PostgresSourceOptions,
  PostgresSpec,
  PostgresTarget,
  PostgresTargetOptions,
  PostgresTls,
} from './sources/postgres/spec.ts';
export { nameFiles, NO_FILES } from './sources/source.ts';
export { sourceOfKind } from './sources/known-sources.ts';

export { checkEncryption } from './encryption/recipient.ts';
export type { EncryptionOptions } from './encryption/recipient.ts';
export type { IdentityOption } from './encryption/keyring.ts';

export { createBackup } from './publish/create-backup.ts';
export type { CreateBackupOptions, WorkOptions } from './publish/create-backup.ts';
export { preflight } from './preflight/preflight.ts';
export type { PreflightFinding, PreflightOptions, PreflightReport } from './preflight/preflight.ts';
export { verifyBackup } from './verify/verify-backup.ts';
export type { BackupRef } from './catalog/load-manifest.ts';
export type { VerifyOptions } from './verify/verify-backup.ts';
export type { RestoreCheck, RestoredCopy } from './verify/scratch-copy.ts';
export { restoreFromStore } from './restore/restore-from-store.ts';
export type { Restored, RestoreOptions, WhichBackup } from './restore/restore-from-store.ts';
export { reencryptBackup } from './archive/reencrypt-backup.ts';
export type { ReencryptOptions } from './archive/reencrypt-backup.ts';
export { copyBackup } from './archive/copy-backup.ts';
export type { Copy, CopyOptions } from './archive/copy-backup.ts';
export { latestBackup, listBackups } from './catalog/list-backups.ts';
export type {
  Catalog,
  CatalogEntry,
  CatalogProblem,
  CatalogQuery,
  LatestQuery,
  Removal,
} from './catalog/list-backups.ts';
export type { PointMember, RecoveryPoint } from './model/recovery-point.ts';
export { parsePoint } from './model/recovery-point.ts';
export { latestPoint, listRecoveryPoints } from './points/list-points.ts';
export type {
  LatestPointQuery,
  ListedMember,
  ListedPoint,
  PointCatalog,
  PointQuery,
} from './points/list-points.ts';
export type { PointRef } from './points/load-point.ts';
export { publishPoint } from './points/publish-point.ts';
export type { PublishPointOptions } from './points/publish-point.ts';
export { archiveRecoveryPoint, publishRecoveryPoint } from './tasks/recovery-point.ts';
export type {
  ArchivedPoint,
  ArchivePointInput,
  PublishPointInput,
  StoredPoint,
} from './tasks/recovery-point.ts';
export { checkRecoveryPoint, restoreRecoveryPoint } from './tasks/restore-point.ts';
export type { FindPointInput, RestoredPoint, RestorePointInput } from './tasks/restore-point.ts';
export type { PointReport } from './flows/nightly-point.ts';
export type { Decryption, Proof } from './catalog/proof.ts';

export { explainRetention, planRetention } from './retention/plan.ts';
export type { RetentionDecision, RetentionPlan } from './retention/plan.ts';
export type { RetentionFinding } from './retention/anomaly.ts';
export type {
  CalendarSpan,
  CommonPolicy,
  GfsPolicy,
  KeepCount,
  ResticPolicy,
  RetentionPolicy,
} from './retention/policy.ts';
export { retainedBackup } from './retention/retained-backup.ts';
export type { RetainedBackup } from './retention/retained-backup.ts';
export { pruneStore } from './prune/prune-store.ts';
export type {
  PrunedPoints,
  PruneFailure,
  PruneOptions,
  PruneReport,
  Weighed,
} from './prune/prune-store.ts';

export { functionNotifier } from './notify/notifier.ts';
export type { AnyNotifier, Notice, NoticeContext, Notifier } from './notify/notifier.ts';
export { changeOf, NOTICE_KINDS, severityOf, STANDINGS } from './notify/standing.ts';
export type {
  KnownStanding,
  NoticeKind,
  Severity,
  Standing,
  StandingChange,
} from './notify/standing.ts';
export { webhookNotifier } from './notify/webhook.ts';
export type { PostOptions, WebhookOptions } from './notify/webhook.ts';
export { slackNotifier } from './notify/slack.ts';
export { discordNotifier } from './notify/discord.ts';
export { teamsNotifier } from './notify/teams.ts';
export { ntfyNotifier } from './notify/ntfy.ts';
export type { NtfyOptions } from './notify/ntfy.ts';
export { pagerDutyNotifier } from './notify/pagerduty.ts';
export type { PagerDutyOptions } from './notify/pagerduty.ts';
export { emailNotifier } from './notify/email.ts';
export type { EmailOptions } from './notify/email.ts';
export { healthchecksPings } from './notify/dead-man.ts';
export type { DeadManSwitch, HealthchecksOptions, Ping } from './notify/dead-man.ts';
export { composeNotice, problemOf } from './notify/compose.ts';
export type { Occasion, Problem } from './notify/compose.ts';
export { lastProven } from './catalog/last-proven.ts';
export type { KnownSource, MoreSources } from './sources/known-sources.ts';

export {
  dumpCommand,
  dumpMysql,
  dumpPostgres,
  dumpRedis,
  dumpSource,
  dumpSqlite,
  snapshotFiles,
} from './tasks/dump.ts';
export type { DumpInput } from './tasks/dump.ts';
export { verifyByRestore, verifyWith } from './tasks/verify.ts';
export type { VerifyInput } from './tasks/verify.ts';
export { reencrypt } from './tasks/reencrypt.ts';
export type { ReencryptInput } from './tasks/reencrypt.ts';
export { archiveBackup } from './tasks/archive.ts';
export type { ArchivedBackup, KeepOptions } from './tasks/archive.ts';
export { archiveCopies } from './tasks/archive-copies.ts';
export type { CopiesInput } from './tasks/archive-copies.ts';
export type { CopiesReport, CopyReport, Destination } from './archive/destinations.ts';
export { restoreBackup } from './tasks/restore.ts';
export type { RestoreInput } from './tasks/restore.ts';
export { pruneBackups } from './tasks/prune.ts';
export type { PruneInput } from './tasks/prune.ts';
export { notify } from './tasks/notify.ts';
export type { NotifyInput } from './tasks/notify.ts';
export { notifyOnChange } from './tasks/notify-on-change.ts';
export type { StandingInput, Told } from './tasks/notify-on-change.ts';
export { pingDeadMan } from './tasks/ping.ts';
export type { PingInput } from './tasks/ping.ts';
export { nightlyBackup } from './flows/nightly-backup.ts';
export { provenOrThrow } from './flows/nightly-report.ts';
export type { Nightly, NightlyReport, SourceReport } from './flows/nightly-report.ts';
export type { NightlyOptions } from './flows/nightly-options.ts';
export { setLocks } from './flows/set-lock.ts';

export { judgeSet } from './health/health.ts';
export type { HealthFigures, SetHealth } from './health/health.ts';
export type { HealthCheck } from './health/checks.ts';
export type { HealthLimits } from './health/limits.ts';
export type { StoreView } from './health/view.ts';
export { checkHealth } from './tasks/check-health.ts';
export type { HealthInput } from './tasks/check-health.ts';
export { healthCheck } from './flows/health-check.ts';
export type { HealthCheckOptions } from './flows/health-check.ts';
export type { MeasuredSet } from './metrics/gauges.ts';
export { prometheusText } from './metrics/prometheus.ts';
export { observeHealth } from './metrics/open-telemetry.ts';
export type { Observation } from './metrics/open-telemetry.ts';
export { listIndexed } from './catalog/list-indexed.ts';
export type { IndexedCatalog, IndexedQuery, IndexUse } from './catalog/list-indexed.ts';
export type { IndexFault } from './catalog/index-file.ts';
export { searchBackups } from './catalog/search-backups.ts';
export type { BackupSearch } from './catalog/search-backups.ts';
export type { FolderQuery } from './catalog/folders.ts';
export { restoreDrill } from './flows/restore-drill.ts';
export type { DrillOptions, DrillReport } from './flows/restore-drill.ts';
export { archiveOldBackups } from './flows/archive-old-backups.ts';
export type { ArchivedSet, ArchiveOldOptions } from './flows/archive-old-backups.ts';
export type { CommonFlowOptions } from './flows/flow-parts.ts';
export { findBackup, findUnarchived } from './tasks/find-backup.ts';
export type { FindInput, UnarchivedInput } from './tasks/find-backup.ts';

export { resticRepository } from './restic/repository.ts';
export type { ResticRepository } from './restic/repository.ts';
export { backUpByRestic } from './restic/backup.ts';
export type { ResticBackupOptions, ResticProgress, ResticSnapshot } from './restic/backup.ts';
export { checkRestic, restoreByRestic } from './restic/check-and-restore.ts';
export type {
  ResticChecked,
  ResticCheckOptions,
  ResticRestored,
  ResticRestoreOptions,
} from './restic/check-and-restore.ts';
export type { ResticWork } from './restic/run-restic.ts';
export { resticBackup, resticCheck, resticRestore } from './tasks/restic.ts';
export type {
  ListedSnapshot,
  ProvenSnapshot,
  ResticBackupInput,
  ResticCheckInput,
  ResticRestoreInput,
} from './tasks/restic.ts';
