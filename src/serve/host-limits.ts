/** What this process may use: CPU and memory as its cgroup grants them, version 1 and 2. */
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

export interface HostLimits {
  /** CPUs that may be used at one time; a fraction under a quota. */
  readonly cpus: number;
  /** Where `cpus` comes from. */
  readonly cpuSource: 'cgroup v2' | 'cgroup v1' | 'host';
  readonly memoryBytes: number;
  readonly memorySource: 'cgroup v2' | 'cgroup v1' | 'host';
}

type Read = (path: string) => string | null;

/** The limits of this process. `read` gives a file's text, or null where there is none. */
export function hostLimits(
  read: Read = readText,
  hostCpus = availableParallelism(),
  hostMemory = totalmem(),
): HostLimits {
  const v2 = ownGroup(read, '');
  const cpuV2 = v2 === null ? null : smallest(v2, (path) => quotaV2(read(`${path}/cpu.max`)));
  const memoryV2 = v2 === null ? null : smallest(v2, (path) => bytesOf(read(`${path}/memory.max`)));
  const cpuV1 = cpuV2 === null ? limitV1(read, 'cpu', (path) => quotaV1(read, path)) : null;
  const memoryV1 =
    memoryV2 === null
      ? limitV1(read, 'memory', (path) => bytesOf(read(`${path}/memory.limit_in_bytes`)))
      : null;
  const quota = cpuV2 ?? cpuV1;
  const memory = memoryV2 ?? memoryV1;
  const limitsCpu = quota !== null && quota < hostCpus;
  const limitsMemory = memory !== null && memory < hostMemory;
  return {
    cpus: limitsCpu ? quota : hostCpus,
    cpuSource: limitsCpu ? (cpuV2 === null ? 'cgroup v1' : 'cgroup v2') : 'host',
    memoryBytes: limitsMemory ? memory : hostMemory,
    memorySource: limitsMemory ? (memoryV2 === null ? 'cgroup v1' : 'cgroup v2') : 'host',
  };
}

/** Workers for `--workers auto`: one per whole CPU, at least one. A fraction is not worth a process that would wait. */
export function autoWorkers(limits: HostLimits = hostLimits()): number {
  return Math.max(1, Math.floor(limits.cpus));
}

/** Folders of the process's own cgroup and of its parents, the tightest of which counts; null where v2 is not mounted. */
function ownGroup(read: Read, controller: string): readonly string[] | null {
  const root = controller === '' ? '/sys/fs/cgroup' : `/sys/fs/cgroup/${controller}`;
  if (controller === '' && read(`${root}/cgroup.controllers`) === null) {
    return null;
  }
  const line = (read('/proc/self/cgroup') ?? '').split('\n').find((text) => {
    const names = text.split(':')[1];
    return controller === '' ? names === '' : names?.split(',').includes(controller);
  });
  const parts = (line?.split(':').slice(2).join(':') ?? '/')
    .split('/')
    .filter((part) => part !== '' && part !== '..');
  return [root, ...parts.map((_, i) => `${root}/${parts.slice(0, i + 1).join('/')}`)];
}

function limitV1(read: Read, controller: string, limit: (path: string) => number | null): number | null {
  const names = controller === 'cpu' ? ['cpu', 'cpu,cpuacct'] : [controller];
  const paths = names.flatMap((name) => {
    const own = ownGroup(read, controller) ?? [];
    return own.map((path) => path.replace(`/sys/fs/cgroup/${controller}`, `/sys/fs/cgroup/${name}`));
  });
  return smallest(paths, limit);
}

function smallest(paths: readonly string[], limit: (path: string) => number | null): number | null {
  const found = paths.map(limit).filter((value) => value !== null);
  return found.length === 0 ? null : Math.min(...found);
}

function quotaV2(text: string | null): number | null {
  const [quota, period] = (text ?? '').trim().split(/\s+/);
  return quota === undefined || quota === '' || quota === 'max'
    ? null
    : Number(quota) / Number(period ?? 100_000);
}

function quotaV1(read: Read, path: string): number | null {
  const quota = Number(read(`${path}/cpu.cfs_quota_us`) ?? '-1');
  const period = Number(read(`${path}/cpu.cfs_period_us`) ?? '100000');
  return quota > 0 && period > 0 ? quota / period : null;
}

function bytesOf(text: string | null): number | null {
  const value = (text ?? 'max').trim();
  return value === 'max' || value === '' ? null : Number(value);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
