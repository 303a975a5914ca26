import { lacking, type Target } from '../target.ts';

/** A server that runs somewhere. It is asked and loaded a little, and never stopped. */
export function urlTarget(url: string): Target {
  const noContainer = 'it runs somewhere: only what it answers can be seen';
  const server = {
    url: url.replace(/\/+$/, ''),
    startedAt: null,
    ended: new Promise<never>(() => {}),
    log: async () => '',
    healthcheck: lacking,
    usage: lacking,
    confinement: lacking,
    signal: lacking,
  };
  return {
    kind: 'url',
    name: url,
    digests: [],
    platform: null,
    lacks: {
      model: 'its model is not here to compare with: name it with --model',
      healthcheck: noContainer,
      limits: noContainer,
      confinement: noContainer,
      stop: 'it belongs to others: it is not stopped',
      size: noContainer,
    },
    unchecked: [],
    model: lacking,
    size: lacking,
    start: async () => server,
    close: async () => {},
  };
}
