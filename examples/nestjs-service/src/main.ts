import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.ts';
import { Holdfast } from './holdfast.service.ts';

// A service listens and backs up at night; this one does so once.
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
console.log(JSON.stringify(await app.get(Holdfast).backUp()));
await app.close();
