/** Sets the remembered theme while the page is still being parsed. Runs as an inline script; knows no React. */

/** Where the choice is kept in localStorage. */
export const themeKey = 'omnigent.theme';

/** Without storage, or without a choice, the page follows the system. */
export const themeScript = `try{var t=localStorage.getItem(${JSON.stringify(themeKey)});if(t==='dark'||t==='light')document.documentElement.dataset.theme=t}catch(e){}`;
