#!/bin/sh
# What ran until now:   0 3 * * * /opt/shop/backup.sh
# It ends 0 when the dump fails (the pipe's exit code is gzip's), leaves half a file under the name of a whole one when it
# is killed, copies it to the vault unseen, deletes by age what may be the last good one, and nobody has ever restored any.
cd "$(dirname "$0")" || exit 1
stamp=$(date +%F)
sqlite3 shop.db .dump | gzip > "backups/shop-$stamp.sql.gz"
cp "backups/shop-$stamp.sql.gz" vault/
find backups vault -name 'shop-*' -mtime +14 -delete
