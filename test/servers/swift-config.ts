/** Where the parts of a Swift cluster of one machine listen, on 127.0.0.1. */
export interface SwiftPorts {
  readonly proxy: number;
  readonly account: number;
  readonly container: number;
  readonly object: number;
  readonly memcached: number;
}

export const STORAGE_SERVERS = ['account', 'container', 'object'] as const;

/** The key pair that {@link proxyConfig} knows. */
export const SWIFT_KEYS = { accessKeyId: 'test:tester', secretAccessKey: 'testing' } as const;

/**
 * On a busy machine a server that answers late is no server that is gone: it is not passed over, and what a listing
 * tells is there when an upload has been acknowledged.
 */
const PATIENCE = `conn_timeout = 30
node_timeout = 60
recoverable_node_timeout = 60
container_update_timeout = 60
error_suppression_limit = 1000000
`;

/** Without workers a server runs in the process that was started, which can then be stopped by its id. */
function defaults(directory: string, port: number, user: string): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${user}
swift_dir = ${directory}
log_level = ERROR
${PATIENCE}`;
}

/** The configuration of an account, container or object server. */
export function storageConfig(
  kind: (typeof STORAGE_SERVERS)[number],
  directory: string,
  ports: SwiftPorts,
  user: string,
): string {
  return `${defaults(directory, ports[kind], user)}devices = ${directory}/devices
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
`;
}

const FILTERS = [
  'catch_errors',
  'gatekeeper',
  'healthcheck',
  'cache',
  'bulk',
  's3api',
  'tempauth',
  'copy',
  'container-quotas',
  'account-quotas',
  'slo',
  'dlo',
  'versioned_writes',
];

/** What a filter is, where that is not its name; and what it is told. */
const SETTINGS: { readonly [filter: string]: string } = {
  cache: 'use = egg:swift#memcache\nmemcache_servers = 127.0.0.1:@MEMCACHED@',
  s3api: 'use = egg:swift#s3api\ns3_acl = false\nlocation = us-east-1\nmax_upload_part_num = 10000',
  tempauth: `use = egg:swift#tempauth\nuser_test_tester = ${SWIFT_KEYS.secretAccessKey} .admin`,
  slo: 'use = egg:swift#slo\nmax_manifest_segments = 10000',
  'container-quotas': 'use = egg:swift#container_quotas',
  'account-quotas': 'use = egg:swift#account_quotas',
  versioned_writes: 'use = egg:swift#versioned_writes\nallow_versioned_writes = true',
};

/** The configuration of the proxy server, which speaks S3. */
export function proxyConfig(directory: string, ports: SwiftPorts, user: string): string {
  const filters = FILTERS.map((filter) => {
    const settings = SETTINGS[filter] ?? `use = egg:swift#${filter}`;
    return `[filter:${filter}]\n${settings.replace('@MEMCACHED@', String(ports.memcached))}\n`;
  });
  return `${defaults(directory, ports.proxy, user)}[pipeline:main]
pipeline = ${FILTERS.join(' ')} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
${filters.join('')}`;
}

/** A Python program that writes the rings: one device, one replica each. Arguments: directory, then kind and port by turns. */
export const RING_PROGRAM = `
import sys
from swift.common.ring import RingBuilder
directory, *pairs = sys.argv[1:]
for kind, port in zip(pairs[::2], pairs[1::2]):
    builder = RingBuilder(4, 1, 1)
    builder.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'd1', 'weight': 1,
                     'replication_ip': '127.0.0.1', 'replication_port': int(port), 'meta': ''})
    builder.rebalance()
    builder.get_ring().save('%s/%s.ring.gz' % (directory, kind))
`;
