import { sourceContract } from '@holdfast/backups/testing';
import { commandSubject, filesSubject, ownKindSubject, sqliteSubject } from './subjects.ts';

sourceContract('SQLite', sqliteSubject);
sourceContract('a file tree', filesSubject);
sourceContract('what a program prints', commandSubject);
sourceContract('what a program prints and another one restores', ownKindSubject);
