import type { MariadbServer } from '../../../../test/servers/mariadb.ts';

/** Everything that a database can hold: odd names and values, views, routines, triggers, events, sequences. */
const SHOP = `
  CREATE TABLE customers (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(100) NOT NULL, UNIQUE KEY by_name (name))
    ENGINE=InnoDB COMMENT 'who buys';
  CREATE TABLE orders (
    id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT,
    customer INT NOT NULL,
    note TEXT,
    picture LONGBLOB,
    amount DECIMAL(20,4) NOT NULL DEFAULT 0,
    placed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    total DECIMAL(20,4) AS (amount * 2) STORED,
    flags BIT(8) DEFAULT b'101',
    CONSTRAINT positive CHECK (amount >= 0),
    CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE
  ) ENGINE=InnoDB;
  CREATE TABLE \`odd 'na"me;
-- with \\ everything\` (\`a b\` INT, \`c\`\`d\` VARCHAR(10)) ENGINE=InnoDB;
  CREATE TABLE empty (id INT) ENGINE=InnoDB;
  CREATE SEQUENCE numbers START WITH 7;
  INSERT INTO customers (name) VALUES ('Ada'), ('Grace 😀'), ('O''Hara \\\\ "x"');
  INSERT INTO orders (customer, note, picture, amount)
    SELECT 1 + seq % 3, CONCAT('note ', seq, '\\n\\t\\\\', CHAR(0)), UNHEX(SHA2(seq, 256)), seq / 7 FROM seq_1_to_2000;
  INSERT INTO orders (customer, note) VALUES (1, NULL), (2, '');
  INSERT INTO \`odd 'na"me;
-- with \\ everything\` VALUES (1, 'x'), (2, NULL), (3, ';\\n--');
  CREATE VIEW recent AS SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer;
  CREATE DEFINER='shop owner'@'app.example' VIEW owned AS SELECT id FROM orders;
`;

const ROUTINES = `
  DELIMITER //
  CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2 //
  CREATE PROCEDURE touch_all() BEGIN UPDATE orders SET note = 'touched'; END //
  CREATE TRIGGER keep_amount BEFORE INSERT ON orders FOR EACH ROW
    BEGIN IF NEW.amount < 0 THEN SET NEW.amount = 0; END IF; END //
  CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM orders WHERE note = 'never' //
  DELIMITER ;
`;

/** Makes a shop, anew. */
export function makeShop(server: MariadbServer, database = 'shop'): void {
  server.sql(`DROP DATABASE IF EXISTS \`${database}\`; CREATE DATABASE \`${database}\`;
    CREATE USER IF NOT EXISTS 'shop owner'@'app.example'; GRANT ALL ON *.* TO 'shop owner'@'app.example';`);
  server.sql(SHOP, database);
  server.sql(ROUTINES, database);
}
