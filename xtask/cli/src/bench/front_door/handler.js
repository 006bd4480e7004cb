// The front door's checks and its ping, as small as Node's standard library allows: what ours is measured beside.
'use strict';

const { createPublicKey, verify } = require('node:crypto');
const http = require('node:http');

const { FRONT_DOOR_ISSUER: issuer, FRONT_DOOR_CLIENT_ID: client, FRONT_DOOR_JWKS_URL: jwks } = process.env;
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true });

function call(options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ agent, ...options }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function fetchKeys() {
  const { hostname, port: jwksPort, pathname } = new URL(jwks);
  const { keys } = JSON.parse((await call({ host: hostname, port: jwksPort, path: pathname })).text);
  return new Map(keys.map((key) => [key.kid, createPublicKey({ key, format: 'jwk' })]));
}
const keys = fetchKeys();

const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

async function isGood(token) {
  try {
    const [header, payload, signature, ...more] = token.split('.');
    const { alg, kid } = decoded(header);
    const key = (await keys).get(kid);
    if (alg !== 'RS256' || !key || more.length > 0) return false;
    if (!verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))) return false;
    const claims = decoded(payload);
    const now = Date.now() / 1000;
    return claims.iss === issuer && claims.aud === client && claims.token_use === 'id' && now < claims.exp && !(now < claims.nbf);
  } catch {
    return false;
  }
}

const allowed = (origin) => /^http:\/\/localhost(:[1-9]\d{0,4})?$/.test(origin) || /^capacitor:\/\/[a-z0-9.-]+$/.test(origin);

async function handle({ requestContext, rawPath, headers: sent }) {
  const headers = { vary: 'Origin', 'content-type': 'application/json' };
  const answer = (statusCode, body, more) => ({ statusCode, headers: { ...headers, ...more }, body: body ? JSON.stringify(body) : '' });
  if (sent.origin !== undefined) {
    if (!allowed(sent.origin)) return answer(403, { error: 'origin_not_allowed' });
    headers['access-control-allow-origin'] = sent.origin;
  }
  if (requestContext.http.method === 'OPTIONS') {
    return answer(204, null, {
      'access-control-allow-methods': 'POST, GET, OPTIONS',
      'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key',
      'access-control-max-age': '7200',
    });
  }
  const [scheme, token] = (sent.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer' || !token) return answer(401, { error: 'missing_token' }, { 'www-authenticate': 'Bearer' });
  if (!(await isGood(token))) return answer(403, { error: 'invalid_token' });
  return rawPath === '/ping' ? answer(200, { status: 'ok' }) : answer(404, { error: 'unknown_path' });
}

(async () => {
  const base = '/2018-06-01/runtime/invocation';
  for (;;) {
    const { headers, text } = await call({ host, port, path: `${base}/next` });
    const event = JSON.parse(text);
    const began = Date.now();
    const answer = await handle(event);
    const line = { message: 'request', route: event.rawPath, status: answer.statusCode, latencyMs: Date.now() - began };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    const body = JSON.stringify(answer);
    const path = `${base}/${headers['lambda-runtime-aws-request-id']}/response`;
    await call({ host, port, path, method: 'POST', headers: { 'content-length': Buffer.byteLength(body) } }, body);
  }
})();
