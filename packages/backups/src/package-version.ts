/** Version of this package, for manifests and records. A test holds it to package.json. */
export const PACKAGE_VERSION = '0.1.0';

/** How this package names itself in records. */
export const TOOL_NAME = `@holdfast/backups ${PACKAGE_VERSION}`;
