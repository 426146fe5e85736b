// Writes pairs: every transaction adds one row to `orders` and one to `ledger`, so that any snapshot
// holds as many of the one as of the other.
import { DatabaseSync } from 'node:sqlite';

const db = new DatabaseSync(process.argv[2], { timeout: 10_000 });
db.exec('PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 200;');
const order = db.prepare('INSERT INTO orders (customer, note) VALUES (1, ?)');
const entry = db.prepare('INSERT INTO ledger (note) VALUES (?)');
let written = 0;
let stopping = false;

process.on('message', () => {
  stopping = true;
});

process.on('disconnect', () => {
  process.exit();
});

function write() {
  for (let count = 0; count < 20; count++) {
    db.exec('BEGIN IMMEDIATE');
    order.run(`live ${written} ${'y'.repeat(200)}`);
    entry.run(`live ${written}`);
    db.exec('COMMIT');
    written += 1;
  }
  if (!stopping) return setImmediate(write);
  db.close();
  process.send(written);
  process.disconnect();
}

write();
process.send('started');
