// Who the page acts as. Kept in sessionStorage only: gone with the browser tab, never on disk.

const KEY = 'c360:login';

/** `roles` are the demo's ready tokens, `[{ role, token }]`; empty outside the demo. */
export function createSession(storage, roles) {
  return {
    login: restore(storage, roles),
    // A chosen role is kept by name, because a restarted demo hands out new tokens.
    save: ({ role, token }) => storage.setItem(KEY, JSON.stringify(role ? { role } : { token })),
  };
}

function restore(storage, roles) {
  const saved = parse(storage.getItem(KEY));
  if (typeof saved?.token === 'string') return { role: '', token: saved.token };
  const { role = '', token = '' } = roles.find((known) => known.role === saved?.role) ?? roles[0] ?? {};
  return { role, token };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
