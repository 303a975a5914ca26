/** Why an address cannot be listened on. */
import { LoadlineError } from '../errors.ts';

/** LL1003 for a taken port, LL1005 for an address that is not there. */
export function listenError(error: NodeJS.ErrnoException, host: string, port: number): LoadlineError {
  return error.code === 'EADDRINUSE'
    ? new LoadlineError('LL1003', `Cannot listen on ${host}:${port}: the port is taken`, {
        fix: `Stop the program that holds port ${port}, or choose another: --port ${port < 65_535 ? port + 1 : port - 1}`,
        cause: error,
      })
    : new LoadlineError('LL1005', `Cannot listen on ${host}:${port} (${error.code ?? error.message})`, {
        cause: error,
      });
}
