// Docker's HEALTHCHECK, where there is no shell and no curl: exit 0 when the server is ready to answer.
import { get } from 'node:http';

const { LOADLINE_PORT, SAGEMAKER_BIND_TO_PORT, PORT } = process.env;
// 8080: as SageMaker starts it.
const ports = new Set([LOADLINE_PORT || SAGEMAKER_BIND_TO_PORT || PORT || '5000', '5000', '8080']);

const isReady = (port) =>
  new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/readyz', timeout: 2000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });

for (const port of ports) {
  if (await isReady(port)) {
    process.exit(0);
  }
}
process.exit(1);
