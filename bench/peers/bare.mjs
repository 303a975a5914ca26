// The floor: a bare node:http handler that parses and answers the same JSON with the same arithmetic, and nothing else.
import http from 'node:http';

const coefficients = process.argv[3].split(',').map(Number);
const intercept = coefficients.pop();

http
  .createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const { features } = JSON.parse(
        chunks.length === 1 ? chunks[0].toString() : Buffer.concat(chunks).toString(),
      );
      let y = intercept;
      for (let i = 0; i < coefficients.length; i++) {
        y += coefficients[i] * features[i];
      }
      const body = JSON.stringify({ prediction: [y] });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      response.end(body);
    });
  })
  .listen(Number(process.argv[2]), '127.0.0.1');
