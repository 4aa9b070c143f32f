// Builds the explorer into dist/, which build.rs embeds in the binary.
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/explorer/',
  // The page's own policy is "nothing from data:", so fonts and images stay files.
  build: {
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 5000, // Monaco is one large chunk; splitting it saves nothing on one origin.
    // React libraries mark modules "use client"; that means nothing in a browser bundle.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
    license: { fileName: 'licenses.md' }, // the notices the bundled packages ask for, served beside the page
    sourcemap: false,
    target: 'es2022',
  },
  worker: { format: 'es' },
});
