import { main } from './demo/main.ts';

process.exitCode = await main(process.argv.slice(2), process.env);
