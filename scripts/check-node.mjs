// Stops with a clear message when a script would run on too old a Node, or without its packages.
// Plain JavaScript that also runs on old Nodes: this is the file that has to fail well there.
//
// pnpm installs before it runs a script. When that install fails, it warns and runs the script
// anyway; when an optional package does not download (the workspace's own Node is one), it says
// nothing. Both end here.
import { existsSync } from 'node:fs';

const floor = [22, 18];
const [major, minor] = process.versions.node.split('.').map(Number);
const tooOld = major < floor[0] || (major === floor[0] && minor < floor[1]);
const installed = existsSync(new URL('../node_modules/typescript', import.meta.url));

const remedy = `Run

    npx -y pnpm@12.20.0 install --force

read what it says, and start the script again.`;

if (!installed) {
  console.error(`The workspace's packages are missing: the install failed. ${remedy}`);
  process.exit(1);
}
if (tooOld) {
  console.error(
    `Holdfast needs Node ${floor.join('.')} or later; this is ${process.versions.node}.

On Linux (x64, arm64) the workspace brings its own Node, which is not in use: the script was started
without pnpm, or the optional package that holds Node was skipped. ${remedy}

On other platforms install Node 24 yourself.`,
  );
  process.exit(1);
}
