// Stops with a clear message when the Node that runs the scripts is too old.
// Plain JavaScript that also runs on old Nodes: this is the file that has to fail well there.
const floor = [22, 18];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < floor[0] || (major === floor[0] && minor < floor[1])) {
  // pnpm runs a script even when the install before it failed, and skips an optional package
  // that did not download. Both end here: on the machine's own Node instead of the workspace's.
  console.error(
    `Holdfast needs Node ${floor.join('.')} or later; this is ${process.versions.node}.

The workspace brings its own Node on Linux (x64, arm64). It is not in use, so either
  - the install before this script failed, or skipped the optional package that holds Node: run
      npx -y pnpm@12.20.0 install --force
    read what it says, and start the script again; or
  - this is another platform, or the script was started without pnpm: install Node 24 yourself.`,
  );
  process.exit(1);
}
