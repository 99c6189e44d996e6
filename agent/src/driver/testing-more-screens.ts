/**
 * Screens of 80 columns and 1000 rows, of what more real agents drew with TERM=vt100 behind `reeve agent serve`: aider 0.86.2,
 * GitHub Copilot CLI 1.0.102, opencode 1.18.33, Amp 0.0.1790142911 and Auggie 0.36.0. Blanks at the ends of lines are left
 * out, long runs of empty lines are shortened, and so is what stands far above.
 */
export const moreScreens = {
  aiderStarts: `────────────────────────────────────────────────────────────────────────────────
You can skip this check with --no-gitignore
Added .aider* to .gitignore`,
  aiderFirst: `Aider v0.86.2
Main model: openai/gpt-4o with diff edit format
Weak model: gpt-4o-mini
Git repo: .git with 0 files
Repo-map: using 4096 tokens, auto refresh


https://aider.chat/HISTORY.html#release-notes
────────────────────────────────────────────────────────────────────────────────
>`,
  aiderWorks: `Aider v0.86.2
Main model: openai/gpt-4o with diff edit format
Weak model: gpt-4o-mini
Git repo: .git with 0 files
Repo-map: using 4096 tokens, auto refresh


https://aider.chat/HISTORY.html#release-notes
────────────────────────────────────────────────────────────────────────────────
> two lines
> of words`,
  aiderAnswered: `Aider v0.86.2
Main model: openai/gpt-4o with diff edit format
Weak model: gpt-4o-mini
Git repo: .git with 0 files
Repo-map: using 4096 tokens, auto refresh


https://aider.chat/HISTORY.html#release-notes
────────────────────────────────────────────────────────────────────────────────
> two lines
> of words

I have read it: true. A line that is rather long, so that a terminal of eighty
columns has to break it somewhere.


Tokens: 2.4k sent, 27 received. Cost: $0.0063 message, $0.0063 session.
────────────────────────────────────────────────────────────────────────────────
>`,
  copilotTrust: ` ● No copilot-instructions.md found. Run /init to generate.


╭──────────────────────────────────────────────────────────────────────────────╮
│ Confirm folder trust                                                         │
│ ──────────────────────────────────────────────────────────────────────────── │
│ ╭──────────────────────────────────────────────────────────────────────────╮ │
│ │ /work                                                                    │ │
│ ╰──────────────────────────────────────────────────────────────────────────╯ │
│                                                                              │
│ Copilot can read files in this folder and, with your permission, edit them   │
│ or run code and shell commands. It will remember your permissions for the    │
│ rest of this session.                                                        │
│                                                                              │
│ Do you trust the files in this folder?                                       │
│                                                                              │
│ ❯ 1. Yes                                                                     │
│   2. Yes, and remember this folder for future sessions                       │
│   3. No (Esc)                                                                │
│                                                                              │
│ ↑/↓ to navigate · enter to select · esc to cancel                            │
╰──────────────────────────────────────────────────────────────────────────────╯`,
  copilotFirst: ` ● No copilot-instructions.md found. Run /init to generate.

 ● MCP Servers reloaded: 0 servers connected


 ~ [⎇ master%]
────────────────────────────────────────────────────────────────────────────────
❯
────────────────────────────────────────────────────────────────────────────────
 ← open sidebar · Interactive · Manual Approval · / commands             gpt-4o`,
  copilotWorks: ` ● No copilot-instructions.md found. Run /init to generate.

 ● MCP Servers reloaded: 0 servers connected

 ❯ please make a file                                                    06:55

 ● I make it.

 $ Shell Make a file 1 line…                                                5s
   echo made > marker; sleep 4; cat marker

 ● The


 ~ [⎇ master%]
────────────────────────────────────────────────────────────────────────────────
❯
────────────────────────────────────────────────────────────────────────────────
 ● Working · 142 B esc esc interrupt                                     gpt-4o`,
  copilotMade: ` ● No copilot-instructions.md found. Run /init to generate.

 ● MCP Servers reloaded: 0 servers connected

 ❯ please make a file                                                    06:55

 ● I make it.

 $ Shell Make a file 1 line…                                                5s
   echo made > marker; sleep 4; cat marker

 ● The file is there.


 ~ [⎇ master%]
────────────────────────────────────────────────────────────────────────────────
❯
────────────────────────────────────────────────────────────────────────────────
 ← open sidebar · Interactive · Manual Approval · / commands             gpt-4o`,
  copilotAnswered: ` ● No copilot-instructions.md found. Run /init to generate.

 ● MCP Servers reloaded: 0 servers connected

 ❯ please make a file                                                    06:55

 ● I make it.

 $ Shell Make a file 1 line…                                                5s
   echo made > marker; sleep 4; cat marker

 ● The file is there.

 ❯ two lines                                                             06:55
   of words

 ● I have read it: true. A line that is rather long, so that a terminal of
   eighty columns has to break it somewhere.


 ~ [⎇ master%]
────────────────────────────────────────────────────────────────────────────────
❯
────────────────────────────────────────────────────────────────────────────────
 ← open sidebar · Interactive · Manual Approval · / commands             gpt-4o`,
  opencodeFirst: `                                                      ▄
                     █▀▀█ █▀▀█ █▀▀█ █▀▀▄ █▀▀▀ █▀▀█ █▀▀█ █▀▀█
                     █  █ █  █ █▀▀▀ █  █ █    █  █ █  █ █▀▀▀
                     ▀▀▀▀ █▀▀▀ ▀▀▀▀ ▀▀▀▀ ▀▀▀▀ ▀▀▀▀ ▀▀▀▀ ▀▀▀▀


   ┃
   ┃  Ask anything… "Fix broken tests"
   ┃
   ┃  Build · m1 gw
   ╹▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀
                                                   tab agents  ctrl+p commands


  ~                                                                    1.18.33`,
  opencodeWorks: `  ┃
  ┃  two lines
  ┃  of words
  ┃

     ▣  Build · m1


  ┃
  ┃
  ┃
  ┃  Build · m1 gw
  ╹▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀
   ■⬝⬝⬝⬝⬝⬝⬝  esc interrupt                         tab agents  ctrl+p commands`,
  opencodeAnswered: `  ┃
  ┃  two lines
  ┃  of words
  ┃

     I have read it: true. A line that is rather long, so that a terminal of
     eighty columns has to break it somewhere.

     ▣  Build · m1 · 40.3s


  ┃
  ┃
  ┃
  ┃  Build · m1 gw
  ╹▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀
   /work                                                   10  ctrl+p commands`,
  ampSignIn: `No API key found. Starting login flow...
Would you like to log in to Amp? [(y)es, (n)o]:`,
  auggieSignIn: `   New to Augment? You can create an account from the login page.


 → Login to continue

   Press return to open your browser`,
  auggieCode: `   1. Visit the url above to continue to sign in
   2. Follow the instructions in the browser
   3. Paste the authentication JSON below


   Failed to initialize OAuth: Unable to reach OAuth server at
   https://auth.augmentcode.com: fetch failed (ENOTFOUND: getaddrinfo
   ENOTFOUND auth.augmentcode.com)
   Paste your login code:
   Paste JSON here...`,
  auggieWelcome: ` ╭──────────────────────────────────────────────────────────────────────────────
╮
 │ ✨ Welcome to Augment Code! A bit of housekeeping before we get started      │
 ╰──────────────────────────────────────────────────────────────────────────────
╯


 ● Augment context engine

   In a moment, you will be prompted to allow Augment to index your
   codebase. This secure index powers the deep codebase knowledge and
   understanding to Augment agents. Your data always stays secure, private
    and anonymized.


 ● Commands run automatically

   The agent will run commands automatically, including shell commands and
    MCP servers. We recommend using source control to manage code changes
   and using MCP servers from providers you trust. You can configure your
   tool permissions with /permissions or in your settings.json file.


 → Continue

   Press return to continue, or esc to skip`,
}
