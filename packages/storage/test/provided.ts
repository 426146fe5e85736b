export { isProvided } from '../../../test/servers/provided.ts';
