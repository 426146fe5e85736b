#!/usr/bin/env bash
# Installs the Debian packages that the tests call, only those whose command is missing.
# Without root or apt it says what is missing and leaves the rest to you.
set -euo pipefail

# command:package
needs=(
  age:age
  mariadbd:mariadb-server
  memcached:memcached
  openssl:openssl
  pg_ctlcluster:postgresql
  pgbouncer:pgbouncer
  redis-server:redis-server
  restic:restic
  sqlite3:sqlite3
  sftp:openssh-client
  ssh-agent:openssh-client
  sshd:openssh-server
  strace:strace
  swift-account-server:swift-account
  swift-container-server:swift-container
  swift-object-server:swift-object
  swift-proxy-server:swift-proxy
  tar:tar
  zstd:zstd
)

missing=()
for need in "${needs[@]}"; do
  command -v "${need%%:*}" >/dev/null || missing+=("${need##*:}")
done

# sshd refuses to start without it; the service of the system makes it otherwise.
if [ "$(id -u)" -eq 0 ]; then mkdir -p /run/sshd; fi

if [ ${#missing[@]} -eq 0 ]; then
  echo "setup: everything the tests call is here"
elif [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "setup: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # The tests start servers themselves: none is started because it is installed.
  export RUNLEVEL=1
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "setup: missing: ${missing[*]} (install them, or the tests that need them are skipped)"
fi
