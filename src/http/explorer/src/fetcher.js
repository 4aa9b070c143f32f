// Sends one GraphQL request to the gateway and returns its answer, whatever the status code.

const ACCEPT = 'application/graphql-response+json, application/json;q=0.9';

/** A GraphiQL fetcher. Without a token nothing is sent. */
export function createFetcher(endpoint, token, send = globalThis.fetch) {
  return async function fetcher({ query, variables, operationName }) {
    if (!token) {
      return refusal('No token. Choose a role or paste a token above; `c360 token --role sales` makes one.');
    }
    let response;
    try {
      response = await send(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: ACCEPT, authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables, operationName: nameIn(query, operationName) }),
      });
    } catch (error) {
      return refusal(`The gateway did not answer (${error.message}). Is it still running?`);
    }
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      if (response.status === 401) {
        return refusal('The gateway refused the token (401). Choose a role or paste a fresh token above.');
      }
      return refusal(`The gateway answered ${response.status} without JSON: ${text.slice(0, 500)}`);
    }
  };
}

// GraphiQL learns an operation's name a moment after the edit or the change of tab; whoever runs sooner would send the
// old name and be refused.
function nameIn(query, operationName) {
  return operationName && new RegExp(`\\b${operationName}\\b`).test(query) ? operationName : undefined;
}

const refusal = (message) => ({ errors: [{ message }] });
