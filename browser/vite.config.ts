import { defineConfig } from "vite";

// One script and one style under fixed names: the door serves these two and nothing else of the folder.
export default defineConfig({
  logLevel: "warn",
  build: {
    target: "es2023",
    outDir: "built",
    emptyOutDir: true,
    modulePreload: false,
    // A picture in the style would be another file to serve.
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    rolldownOptions: {
      input: "main.tsx",
      output: { entryFileNames: "browser.js", assetFileNames: "browser[extname]", codeSplitting: false },
    },
  },
});
