/** Tailwind 4 is the only transform; its theme is in app/globals.css. */
export default { plugins: { '@tailwindcss/postcss': {} } };
