/** Fetches models:/house-price@champion as a process of its own; writes the path, or the code and the message. */
import { isLoadlineError } from '../../src/errors.ts';
import { resolveModel } from '../../src/versions/open.ts';

const work = { signal: new AbortController().signal, onProgress: () => {} };
try {
  const { path } = await resolveModel('models:/house-price@champion', { env: process.env }, work);
  console.log(path);
} catch (error) {
  console.error(isLoadlineError(error) ? `${error.code} ${error.message}` : error);
  process.exitCode = 1;
}
