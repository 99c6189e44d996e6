const log = '/tmp/reeve-agent.log'

/** Above what processes have by themselves: when the machine has no memory left, it ends workspaces before the server. */
const endedBefore = 500

/**
 * The first process of a jail: a shell, which the kernel ends all others with. Nothing in the jail can end it, as no
 * signal of theirs reaches the first process that it does not ask for, SIGKILL included. It ends when the script has,
 * whatever ended that, and with it a daemon that the script started, and a process that ignores signals.
 *
 * The script's own process waits for a line before it becomes the script: until its id is on record. When the server dies
 * before that, the line never comes, and nothing was ever begun that nobody knows of.
 *
 * The log is opened before anybody could put something else in its place, a pipe that nobody reads above all. Descriptor 5
 * is the lifeline, which no other process of the jail holds: it is closed when this one has ended.
 */
export const firstProcess = (script: string, relay: string | null): string => `set -u
{ echo ${endedBefore} >/proc/self/oom_score_adj; } 2>/dev/null
exec 7<&0 6>${log} </dev/null
/bin/sh -c 'read -r go <&7 || exit 1; exec 5<&- 7<&- >&6 2>&1 6>&-; exec /bin/sh ${script}' &
script=$!
exec 7<&- >&6 2>&6
${relay === null ? '' : `(exec 5<&- 6>&- 2>/dev/null; while :; do ${relay}; sleep 1; done) &`}
wait "$script"
code=$?
echo "reeve: the script of this workspace has ended with $code, and so has all that it had started"
exit "$code"`
