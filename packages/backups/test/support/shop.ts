/** A database with one of everything that a dump of PostgreSQL could lose. */
export const SHOP = `
CREATE SCHEMA stock;
CREATE TYPE state AS ENUM ('open', 'paid', 'sent');
CREATE DOMAIN email AS text CHECK (value LIKE '%@%');
CREATE SEQUENCE invoice START 1000 INCREMENT 5;
CREATE SEQUENCE countdown START -1 INCREMENT -1;
CREATE TABLE customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, mail email);
CREATE TABLE orders (id bigserial PRIMARY KEY, customer int REFERENCES customers, state state DEFAULT 'open',
  code varchar(3) CHECK (code IN ('a', 'b', 'c')), placed_at timestamptz DEFAULT now());
CREATE TABLE stock."odd ""name'" (x int);
CREATE TABLE events (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE empty ();
CREATE INDEX placed ON orders (placed_at) WHERE state <> 'sent';
CREATE VIEW unpaid AS SELECT * FROM orders WHERE state = 'open';
CREATE MATERIALIZED VIEW daily AS SELECT count(*) FROM orders;
CREATE FUNCTION total(who int) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.orders WHERE customer = who';
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.placed_at := now(); RETURN NEW; END';
CREATE TRIGGER stamp BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION stamp();
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_of_them ON customers USING (true);
CREATE RULE keep AS ON DELETE TO stock."odd ""name'" DO INSTEAD NOTHING;
INSERT INTO customers (name, mail) VALUES ('Ada', 'ada@example.com'), ('Grace', NULL);
INSERT INTO orders (customer, code) SELECT 1 + n % 2, 'b' FROM generate_series(1, 300) n;
INSERT INTO stock."odd ""name'" VALUES (1), (2), (3);
INSERT INTO events VALUES (1, '2026-05-05'), (2, '2026-06-06');
SELECT nextval('invoice'), nextval('invoice'), nextval('countdown');
SELECT lo_from_bytea(4711, 'a large object');
REFRESH MATERIALIZED VIEW daily;
`;
