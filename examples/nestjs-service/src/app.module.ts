import { Module } from '@nestjs/common';
import { Backups } from './backup.service.ts';
import { Holdfast } from './holdfast.service.ts';
import { Orders } from './orders.service.ts';

@Module({ providers: [Orders, Backups, Holdfast] })
// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest asks for
export class AppModule {}
