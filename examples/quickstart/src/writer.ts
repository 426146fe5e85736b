import { DatabaseSync } from 'node:sqlite';

// A process of its own that keeps placing orders, as an application would, until its standard input ends: also when
// whoever started it was killed.
const path = process.argv[2];
if (path === undefined) throw new Error('usage: writer.js <database>');

const db = new DatabaseSync(path);
db.exec('PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL;');
const order = db.prepare('INSERT INTO orders (customer, placed_at, note) VALUES (?, ?, ?)');
let written = 0;

const timer = setInterval(() => {
  order.run((written % 100) + 1, Date.now(), `placed while the backup ran: ${written}`);
  written++;
  if (written === 1) process.stdout.write('writing\n');
}, 2);

process.stdin.resume();
process.stdin.on('end', () => {
  clearInterval(timer);
  db.close();
  process.stdout.write(`${written}\n`);
});
