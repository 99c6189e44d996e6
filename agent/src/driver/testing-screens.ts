/**
 * Screens of 80 columns, of what real agents drew: Gemini CLI 0.61.0 and Claude Code 2.1.329 with TERM=vt100. Blanks at the
 * ends of lines are left out, and so is what stands far above.
 */
export const screens = {
  geminiFirst: `
 ▝▜▄     Gemini CLI v0.61.0
   ▝▜▄
  ▗▟▀    Authenticated with gemini-api-key /auth
 ▝▀


Tips for getting started:
1. Create GEMINI.md files to customize your interactions
2. /help for more information
3. Ask coding questions, edit code or run commands
4. Be specific for the best results

⚠  Warning: Basic terminal detected (TERM=vt100). Visual rendering will be
   limited. For the best experience, use a terminal emulator with truecolor
   support.



                                                                ? for shortcuts
────────────────────────────────────────────────────────────────────────────────
 Shift+Tab to accept edits

 >   Type your message or @path/to/file

 workspace (/directory)                sandbox                           /model
 /work                                 no sandbox                gemini-2.5-pro`,
  geminiTyping: `
 ▝▜▄     Gemini CLI v0.61.0
   ▝▜▄
  ▗▟▀    Authenticated with gemini-api-key /auth
 ▝▀


Tips for getting started:
1. Create GEMINI.md files to customize your interactions
2. /help for more information
3. Ask coding questions, edit code or run commands
4. Be specific for the best results



────────────────────────────────────────────────────────────────────────────────
 Shift+Tab to accept edits

 > please make a file

 workspace (/directory)                sandbox                           /model
 /work                                 no sandbox                gemini-2.5-pro`,
  geminiWorks: `
 ▝▜▄     Gemini CLI v0.61.0
   ▝▜▄
  ▗▟▀    Authenticated with gemini-api-key /auth
 ▝▀


Tips for getting started:
1. Create GEMINI.md files to customize your interactions
2. /help for more information
3. Ask coding questions, edit code or run commands
4. Be specific for the best results

 > please make a file

✦ I make it.

╭──────────────────────────────────────────────────────────────────────────╮
│ ⊷  Shell echo made > marker; sleep 3; cat marker                         │
│                                                                          │
╰──────────────────────────────────────────────────────────────────────────╯


 ⠹ Thinking... (esc to cancel, 0s)                              ? for shortcuts
────────────────────────────────────────────────────────────────────────────────
 Shift+Tab to accept edits

 >   Type your message or @path/to/file

 workspace (/directory)                sandbox                           /model
 /work                                 no sandbox                gemini-2.5-pro`,
  geminiAsks: `
 ▝▜▄     Gemini CLI v0.61.0
   ▝▜▄
  ▗▟▀    Authenticated with gemini-api-key /auth
 ▝▀


Tips for getting started:
1. Create GEMINI.md files to customize your interactions
2. /help for more information
3. Ask coding questions, edit code or run commands
4. Be specific for the best results

 > please make a file

✦ I make it.

╭──────────────────────────────────────────────────────────────────────────────╮
│ ? WriteFile  Writing to x.txt                                                │
│ ╭──────────────────────────────────────────────────────────────────────────╮ │
│ │ 1 hello                                                                  │ │
│ ╰──────────────────────────────────────────────────────────────────────────╯ │
│ Apply this change?                                                           │
│                                                                              │
│ ● 1. Allow once                                                              │
│   2. Allow for this session                                                  │
│   3. Modify with external editor                                             │
│   4. No, suggest changes (esc)                                               │
╰──────────────────────────────────────────────────────────────────────────────╯`,
  geminiTrust: `
 ▝▜▄     Gemini CLI v0.61.0
   ▝▜▄
  ▗▟▀    Authenticated with gemini-api-key /auth
 ▝▀


Tips for getting started:
1. Create GEMINI.md files to customize your interactions
2. /help for more information
3. Ask coding questions, edit code or run commands
4. Be specific for the best results

ℹ Skipping project agents due to untrusted folder. To enable, ensure that the
  project root is trusted.

 ╭────────────────────────────────────────────────────────────────────────────╮
 │                                                                            │
 │ Do you trust the files in this folder?                                     │
 │                                                                            │
 │ Trusting a folder allows Gemini CLI to load its local configurations,      │
 │ including custom commands, hooks, MCP servers, agent skills, and settings. │
 │ These configurations could execute code on your behalf or change the       │
 │ behavior of the CLI.                                                       │
 │                                                                            │
 │                                                                            │
 │ ● 1. Trust folder (work)                                                   │
 │   2. Trust parent folder (sfx)                                             │
 │   3. Don't trust                                                           │
 │                                                                            │
 ╰────────────────────────────────────────────────────────────────────────────╯`,
  geminiAnswered: `
 ▝▜▄     Gemini CLI v0.61.0
   ▝▜▄
  ▗▟▀    Authenticated with gemini-api-key /auth
 ▝▀


Tips for getting started:
1. Create GEMINI.md files to customize your interactions
2. /help for more information
3. Ask coding questions, edit code or run commands
4. Be specific for the best results

 > please make a file

✦ I make it.

╭──────────────────────────────────────────────────────────────────────────╮
│ ✓  Shell echo made > marker; sleep 3; cat marker                         │
│                                                                          │
│ made                                                                     │
│                                                                          │
╰──────────────────────────────────────────────────────────────────────────╯

✦ The file is there.

  ┌───┬───┐
  │ a │ b │
  ├───┼───┤
  │ 1 │ 2 │
  └───┴───┘
  > quoted

  End of a rather long line that has to be broken somewhere because the terminal
  is only eighty columns wide.


                                                                ? for shortcuts
────────────────────────────────────────────────────────────────────────────────
 Shift+Tab to accept edits

 >   Type your message or @path/to/file

 workspace (/directory)                sandbox                           /model
 /work                                 no sandbox                gemini-2.5-pro`,
  claudeAsks: `❯ please make a file

● I make it.

● Making
  ⎿  $ curl -s x > marker

────────────────────────────────────────────────────────────────────────────────
 Bash command
 Make
╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
 curl -s x > marker
╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
 │ Auto mode can't check actions in this session, so this one needs your
 │ approval

 Do you want to proceed?
 ❯ No
   Yes

 Esc to cancel · Tab to amend`,
  claudeKeys: `────────────────────────────────────────────────────────────────────────────────
  Auto mode can't check actions in this session

  You can stay in auto mode and approve each action that needs the check
  yourself.

  Enter to stay in auto mode · shift+Tab to leave for accept edits mode and
  stop · Esc to cancel`,
}
