// An OAuth 2.0 provider with one client, whose refresh tokens are good for one use:
// one that comes a second time ends the login. Beside it an API that takes its
// access tokens, and under /test/ what a test asks and orders.
//
//   node provider.mjs PORT SECONDS   SECONDS is how long an access token is good
import http from 'node:http';
import crypto from 'node:crypto';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
let lifetime = Number(process.argv[3]);
const base = `http://127.0.0.1:${port}`;

const provider = new Provider(base, {
  clients: [{
    client_id: 'motive-test',
    client_secret: process.env.CLIENT_SECRET,
    redirect_uris: ['http://127.0.0.1:9/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_post',
    application_type: 'native',
  }],
  scopes: ['users.read', 'users.manage'],
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  pkce: { required: () => false },
  cookies: { keys: [crypto.randomBytes(16).toString('hex')] },
  ttl: { AccessToken: () => lifetime, RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 600 },
});

// What was presented: a refresh token's hash, and how often.
const presented = new Map();
const stats = { refreshes: 0, reuses: 0, revoked: 0 };
let hold = 0; // milliseconds between the commit of a refresh and its response
let last; // the last grant

provider.on('grant.success', (ctx) => {
  last = ctx.oidc.entities.Grant?.jti ?? last;
  if (ctx.oidc.params.grant_type === 'refresh_token') stats.refreshes += 1;
});
provider.on('grant.error', (ctx, err) => {
  if (/already used/.test(err.error_detail ?? '')) stats.reuses += 1;
});
provider.on('grant.revoked', () => { stats.revoked += 1; });

provider.use(async (ctx, next) => {
  await next();
  if (ctx.path !== '/token' || ctx.oidc?.params?.grant_type !== 'refresh_token') return;
  const key = crypto.createHash('sha256').update(ctx.oidc.params.refresh_token).digest('hex');
  presented.set(key, (presented.get(key) ?? 0) + 1);
  if (hold > 0) await new Promise((resolve) => { setTimeout(resolve, hold); });
});

// Whoever comes is logged in and agrees.
async function interact(req, res) {
  const { prompt, params, session } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') {
    return provider.interactionFinished(req, res, { login: { accountId: 'dispatcher' } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const grantId = await grant.save();
  return provider.interactionFinished(req, res, { consent: { grantId } }, { mergeWithLastSubmission: true });
}

function send(res, status, value) {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify(value));
}

// One user, for whoever has a token that is valid now.
async function api(req, res) {
  const token = (req.headers.authorization ?? '').replace(/^Bearer /, '');
  const found = token && await provider.AccessToken.find(token);
  if (!found || found.isExpired) return send(res, 401, { error_message: 'the access token is not valid' });
  return send(res, 200, { user: { id: 7, first_name: 'Ada', last_name: 'Reed', role: 'admin', status: 'active' } });
}

async function order(url, res) {
  if (url.pathname === '/test/hold') hold = Number(url.searchParams.get('ms'));
  if (url.pathname === '/test/lifetime') lifetime = Number(url.searchParams.get('seconds'));
  if (url.pathname === '/test/revoke') {
    await provider.RefreshToken.revokeByGrantId(last);
    await provider.AccessToken.revokeByGrantId(last);
    await (await provider.Grant.find(last))?.destroy();
  }
  return send(res, 200, { ...stats, presented: presented.size, most: Math.max(0, ...presented.values()) });
}

const callback = provider.callback();
http.createServer(async (req, res) => {
  const url = new URL(req.url, base);
  try {
    if (url.pathname.startsWith('/interaction/')) return await interact(req, res);
    if (url.pathname.startsWith('/v1/')) return await api(req, res);
    if (url.pathname.startsWith('/test/')) return await order(url, res);
    return callback(req, res);
  } catch (err) {
    return send(res, 500, { error_message: String(err) });
  }
}).listen(port, '127.0.0.1');
