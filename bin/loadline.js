#!/usr/bin/env node
// Starts Loadline: the bundle of a published package, or the source of a checkout. Plain JavaScript that any Node ≥ 14
// parses, because its first task is to say what to do on a Node that is too old for the rest.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

if (major > 22 || (major === 22 && minor >= 18)) {
  // Compiled code is kept between runs: a start from source takes 0.05 s then instead of 0.2 s. Losing it costs nothing.
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE ?? join(cache, 'loadline', 'compile'));
  const source = here('../src/cli/main.ts');
  const { main } = await import(existsSync(source) ? source : here('../dist/cli/main.js'));
  await main(process.argv.slice(2));
} else {
  const own = here('../node_modules/node/bin/node');
  if (existsSync(own)) {
    relay(own);
  } else {
    console.error(
      `✗ Loadline needs Node.js 22.18 or newer, this is ${process.versions.node}: install Node.js 24, or run npm ci in the checkout`,
    );
    process.exitCode = 8;
  }
}

/** Runs the same command line on another Node and passes signals and the exit status through. */
function relay(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exit(code ?? 1);
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
