import { readFileSync } from 'node:fs';
import { bytesText } from '../../bytes/size-text.ts';
import { EXIT } from '../../errors.ts';
import { defineCommand } from '../define.ts';
import { columns } from '../output/table.ts';
import { print } from '../output/terminal.ts';

interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'bad';
  readonly found: string;
  /** What to do; empty when all is well. */
  readonly fix: string;
}

export const doctor = defineCommand({
  name: 'doctor',
  args: [],
  group: 'Setup',
  summary: 'check that this machine can serve models',
  examples: ['loadline doctor', 'loadline doctor --port 8080 --json'],
  options: [
    { flags: '--port <port>', help: 'the port to look at', default: '5000' },
    { flags: '--json', help: 'one JSON object on stdout' },
  ],
  async run(_args, options, terminal) {
    const { hostLimits, autoWorkers } = await import('../../serve/host-limits.ts');
    const limits = hostLimits();
    const checks: Check[] = [
      nodeCheck(process.versions.node),
      {
        name: 'CPU',
        status: limits.cpus < 1 ? 'warn' : 'ok',
        found: `${limits.cpus} (${limits.cpuSource}), ${autoWorkers(limits)} workers by --workers auto`,
        fix:
          limits.cpus < 1 ? 'Grant a whole CPU: below it every request waits for the next quota period.' : '',
      },
      {
        name: 'memory',
        status: limits.memoryBytes < 128 * 2 ** 20 ? 'warn' : 'ok',
        found: `${bytesText(limits.memoryBytes)} (${limits.memorySource})`,
        fix: limits.memoryBytes < 128 * 2 ** 20 ? 'Grant 128 MiB or more for each worker.' : '',
      },
      openFilesCheck(),
      await portCheck(Number(options.port)),
      await dockerCheck(terminal.env),
    ];
    if (options.json) {
      print(terminal, JSON.stringify({ apiVersion: 'loadline/v1', kind: 'Doctor', checks }, null, 2));
    } else {
      const mark = { ok: terminal.symbol.ok, warn: terminal.symbol.warn, bad: terminal.symbol.bad };
      for (const line of columns(checks.map((c) => [mark[c.status], c.name, c.found, c.fix]))) {
        print(terminal, line);
      }
    }
    return checks.some((check) => check.status === 'bad') ? EXIT.missing : EXIT.ok;
  },
});

function nodeCheck(found: string): Check {
  const major = Number(found.split('.')[0]);
  return {
    name: 'Node.js',
    status: major >= 24 ? 'ok' : 'warn',
    found,
    fix: major >= 24 ? '' : 'Node.js 24 LTS is what Loadline is tested on; 22.18 is the oldest that works.',
  };
}

function openFilesCheck(): Check {
  let text = '';
  try {
    text = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return { name: 'open files', status: 'ok', found: 'not known on this system', fix: '' };
  }
  const soft = /^Max open files\s+(\S+)/m.exec(text)?.[1] ?? 'unlimited';
  const low = soft !== 'unlimited' && Number(soft) < 1024;
  return {
    name: 'open files',
    status: low ? 'warn' : 'ok',
    found: soft,
    fix: low ? 'Raise it (ulimit -n 4096): every client connection is an open file.' : '',
  };
}

async function portCheck(port: number): Promise<Check> {
  const { createServer } = await import('node:net');
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(null)));
  }).catch((thrown: NodeJS.ErrnoException) => thrown);
  return {
    name: `port ${port}`,
    status: error === null ? 'ok' : 'bad',
    found: error === null ? 'free' : error.code === 'EADDRINUSE' ? 'taken' : (error.code ?? error.message),
    fix: error === null ? '' : 'Stop the program that holds it, or serve with another --port.',
  };
}

/** Images are built without docker too, so its lack is no fault. */
async function dockerCheck(env: Readonly<Record<string, string | undefined>>): Promise<Check> {
  const { findDocker } = await import('../../image/engines/docker.ts');
  try {
    const { version, apiVersion } = await findDocker({ env, signal: AbortSignal.timeout(5000) });
    return { name: 'docker', status: 'ok', found: `${version}, API ${apiVersion}`, fix: '' };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return {
      name: 'docker',
      status: 'warn',
      found,
      fix: 'Images are built without it too; to run them here, install and start Docker.',
    };
  }
}
