// The page: a token bar above GraphiQL, with the Table plugin added.
import { useMemo, useState } from 'react';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createFetcher } from './fetcher.js';
import { createSession } from './session.js';
import { TABLE_PLUGIN } from './table-plugin.jsx';

const PLUGINS = [HISTORY_PLUGIN, TABLE_PLUGIN];

const BUILT_IN_EXAMPLE = {
  name: 'The first customers',
  query: 'query FirstCustomers {\n  customers(first: 10) {\n    edges {\n      node {\n        id\n      }\n    }\n  }\n}\n',
};

// A tab takes its title from the operation's name; the example's sentence goes above the query as a comment.
function toTab({ name, query, variables = '{}' }) {
  return {
    query: query.startsWith('#') ? query : `# ${name}\n${query}`,
    variables: variables.trim() === '{}' ? null : variables, // GraphiQL opens the variables pane for any text
  };
}

export function App({ settings }) {
  const { endpoint = '/graphql', demo = false, tokens = [], examples = [] } = settings;
  const roles = demo ? tokens : [];
  const session = useMemo(() => createSession(sessionStorage, roles), []);
  const [login, setLogin] = useState(session.login);
  const fetcher = useMemo(() => createFetcher(endpoint, login.token), [endpoint, login.token]);

  function signIn(next) {
    session.save(next);
    setLogin(next);
  }

  return (
    <>
      <TokenBar login={login} roles={roles} onChange={signIn} />
      <GraphiQL
        fetcher={fetcher}
        // null: do not ask for the schema. Without a token the gateway refuses that too, so only ask with one.
        schema={login.token ? undefined : null}
        defaultTabs={(examples.length > 0 ? examples : [BUILT_IN_EXAMPLE]).map(toTab)}
        plugins={PLUGINS}
        isHeadersEditorEnabled={false} // the token bar sets the only header there is
        showPersistHeadersSettings={false}
        defaultEditorToolsVisibility="variables"
        inputValueDeprecation
        schemaDescription
        // Queries and variables carry customers' e-mails; nothing of them stays on the disk of this computer.
        storage={sessionStorage}
      >
        <GraphiQL.Logo>
          <span className="endpoint">{endpoint}</span>
        </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

function TokenBar({ login, roles, onChange }) {
  const [draft, setDraft] = useState(login.token);
  // A token counts when it is complete (Enter, or leaving the field), not at every keystroke.
  const commit = () => draft.trim() !== login.token && onChange({ role: '', token: draft.trim() });

  function chooseRole(role) {
    const token = roles.find((known) => known.role === role)?.token ?? '';
    setDraft(token);
    onChange({ role, token });
  }

  return (
    <header className="bar">
      <strong className="brand">customer360</strong>
      {roles.length > 0 && (
        <label>
          Role
          <select data-testid="role" value={login.role} onChange={(event) => chooseRole(event.target.value)}>
            <option value="">own token</option>
            {roles.map(({ role }) => (
              <option key={role} value={role}>
                {role}
              </option>
            ))}
          </select>
        </label>
      )}
      <label className="token">
        Token
        <input
          data-testid="token"
          type="text"
          value={draft}
          placeholder="paste an access token"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={commit}
          onKeyDown={(event) => event.key === 'Enter' && commit()}
        />
      </label>
      {login.token === '' && (
        <span className="hint" data-testid="token-hint" role="status">
          No token yet: every query is refused. Make one with <code>c360 token --role sales</code> and paste it here.
        </span>
      )}
    </header>
  );
}
