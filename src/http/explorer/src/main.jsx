// Entry: reads the gateway's settings for this page, then shows the explorer.
import { createRoot } from 'react-dom/client';
import 'graphiql/setup-workers/vite'; // Monaco's workers, bundled and loaded from this origin
// graphiql/style.css would also bring 500 kB of fonts as data: URLs and a second copy of Monaco's styles.
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './style.css';
import { App } from './app.jsx';

const SETTINGS_URL = '/explorer/config.json';

async function fetchSettings() {
  const response = await fetch(SETTINGS_URL, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`${SETTINGS_URL} answered ${response.status}`);
  return response.json();
}

const root = createRoot(document.getElementById('root'));
try {
  root.render(<App settings={await fetchSettings()} />);
} catch (error) {
  root.render(
    <p className="starting" role="alert">
      The explorer could not read its settings ({error.message}). Is the gateway still running? Then reload this page.
    </p>,
  );
}
