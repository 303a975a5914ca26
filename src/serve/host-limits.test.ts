import assert from 'node:assert/strict';
import { test } from 'node:test';
import { autoWorkers, hostLimits } from './host-limits.ts';

const GiB = 2 ** 30;

/** Files of /proc and /sys as the kernel writes them, and what they grant on a host of 8 CPUs and 32 GiB. */
const CASES: readonly {
  name: string;
  files: Record<string, string>;
  cpus: number;
  cpuSource: string;
  memory: number;
  workers: number;
}[] = [
  { name: 'no cgroup', files: {}, cpus: 8, cpuSource: 'host', memory: 32 * GiB, workers: 8 },
  {
    name: 'v2 in a container: the root of its own view',
    files: {
      '/sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/cpu.max': '150000 100000\n',
      '/sys/fs/cgroup/memory.max': '536870912\n',
    },
    cpus: 1.5,
    cpuSource: 'cgroup v2',
    memory: GiB / 2,
    workers: 1,
  },
  {
    name: 'v2 on the host: the tightest of the parents counts',
    files: {
      '/sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
      '/proc/self/cgroup': '0::/app.slice/web.service\n',
      '/sys/fs/cgroup/app.slice/cpu.max': '300000 100000\n',
      '/sys/fs/cgroup/app.slice/web.service/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/app.slice/web.service/memory.max': 'max\n',
    },
    cpus: 3,
    cpuSource: 'cgroup v2',
    memory: 32 * GiB,
    workers: 3,
  },
  {
    name: 'v2 without a quota',
    files: {
      '/sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/cpu.max': 'max 100000\n',
    },
    cpus: 8,
    cpuSource: 'host',
    memory: 32 * GiB,
    workers: 8,
  },
  {
    name: 'v1',
    files: {
      '/proc/self/cgroup': '4:cpu,cpuacct:/docker/abc\n5:memory:/docker/abc\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '200000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1073741824\n',
    },
    cpus: 2,
    cpuSource: 'cgroup v1',
    memory: GiB,
    workers: 2,
  },
  {
    name: 'v1 without limits: −1, and the kernel’s largest page count',
    files: {
      '/proc/self/cgroup': '4:cpu:/\n5:memory:/\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    },
    cpus: 8,
    cpuSource: 'host',
    memory: 32 * GiB,
    workers: 8,
  },
  {
    name: 'half a CPU still gets one worker',
    files: {
      '/sys/fs/cgroup/cgroup.controllers': 'cpu\n',
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/cpu.max': '50000 100000\n',
    },
    cpus: 0.5,
    cpuSource: 'cgroup v2',
    memory: 32 * GiB,
    workers: 1,
  },
];

for (const { name, files, cpus, cpuSource, memory, workers } of CASES) {
  test(name, () => {
    const limits = hostLimits((path) => files[path] ?? null, 8, 32 * GiB);
    assert.equal(limits.cpus, cpus);
    assert.equal(limits.cpuSource, cpuSource);
    assert.equal(limits.memoryBytes, memory);
    assert.equal(autoWorkers(limits), workers);
  });
}
