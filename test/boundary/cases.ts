import type { Setting } from '../../boundary/src/jail/filter-testing.ts'

/**
 * What must hold inside a sandbox, by the ids of the acceptance suite: a shell script and what it must print. `$CALLS`
 * makes system calls (`boundary/native/testing/calls.c`), `$NODE` is Node, `$OUTSIDE` a folder of the machine that is
 * not the sandbox's, `$SUPERVISOR` the number of the process that holds it, `$PORT` a service of the machine.
 */
export interface Case {
  readonly id: string
  readonly holds: string
  readonly script: string
  readonly prints: string | RegExp
  /** What the supervisor must have told of it. */
  readonly told?: RegExp
  /** Tiers that it is about; all where it is not said. */
  readonly tiers?: readonly (1 | 2)[]
  readonly settings?: readonly Setting[]
}

export const policy = `
apiVersion: reeve/v1
name: acceptance
commands:
  - { id: force-push, effect: deny, argv: [git, push, { any: ["--force", "-f"] }] }
  - { id: kubectl-delete, effect: ask, argv: [kubectl, delete] }
files: { no_delete: ['kept/**'], bulk_delete: { count: 20, seconds: 10, effect: ask } }
`

const denied = (command: string) => `${command} >/dev/null 2>&1 && echo reached || echo refused`

/** Family, kind and protocol of sockets that carry past what looks at TCP. */
const otherSockets = [
  '2,1,132', '2,5,132', '10,1,132', // SCTP
  '2,6,33', '2,1,262', '10,1,262', // DCCP and MPTCP
  '43,1,0', '21,5,0', '30,1,0', '40,1,0', '40,2,0', // SMC, RDS, TIPC, VSOCK
  '38,5,0', '31,3,0', '31,1,3', '29,3,1', '44,3,0', '15,3,2', '39,5,1', // AF_ALG, Bluetooth, CAN, XDP, keys, NFC
  '16,3,12', '16,3,4', '16,3,16', // nftables, sock_diag, generic netlink
] // prettier-ignore

export const cases: readonly Case[] = [
  // Transport
  { id: 'X02', holds: 'a connection without proxy variables is captured', script: 'env -i PATH="$PATH" curl -sS --noproxy "*" http://198.18.0.9/x', prints: /"address":"198\.18\.0\.9","port":80\}.*"curl"/, tiers: [2] }, // prettier-ignore
  { id: 'X01', holds: 'a connection to any port arrives with its destination', script: 'curl -sS --noproxy "*" http://93.184.216.34:4711/', prints: /"address":"93\.184\.216\.34","port":4711/, tiers: [2] }, // prettier-ignore
  { id: 'X09', holds: 'IPv6 is captured as well', script: 'curl -sS --noproxy "*" "http://[2001:db8::7]:8080/"', prints: /"address":"2001:db8::7","port":8080/, tiers: [2] }, // prettier-ignore
  { id: 'X10', holds: 'the metadata address is captured', script: 'curl -sS --noproxy "*" http://169.254.169.254/latest', prints: /"address":"169\.254\.169\.254"/, tiers: [2] }, // prettier-ignore
  { id: 'X03', holds: 'there is no UDP', script: '$CALLS 41,2,2,0 41,10,2,17', prints: '-13\n-13', tiers: [2] },
  {
    id: 'X04',
    holds: 'there are no raw and packet sockets',
    script: '$CALLS 41,2,3,1 41,17,3,768',
    prints: '-13\n-13',
  },
  { id: 'X07', holds: 'io_uring is not there', script: '$CALLS 425,8,@', prints: '-1' },
  { id: 'X08', holds: 'other families of sockets are refused', script: `$CALLS ${otherSockets.map((socket) => `41,${socket}`).join(' ')}`, prints: otherSockets.map(() => '-13').join('\n') }, // prettier-ignore
  { id: 'X14', holds: 'what the sandbox serves it can reach', script: `$NODE -e 'const s=require("http").createServer((q,r)=>r.end("own")).listen(0,"127.0.0.1",()=>require("http").get({port:s.address().port,agent:false},r=>r.on("data",d=>{console.log(String(d));process.exit()})))'`, prints: 'own' }, // prettier-ignore
  { id: 'X16', told: /"socket":"\/var\/tmp\/reeve-outside[^"]*\/socket"/, holds: 'a socket of the machine in the file system is refused', script: `$NODE -e 'require("net").connect(process.env.OUTSIDE+"/socket").on("error",e=>console.log(e.code)).on("connect",()=>console.log("reached"))'`, prints: /^(EACCES|ENOENT|EPERM)$/, tiers: [2] }, // prettier-ignore
  { id: 'K08', told: /"socket":"\/var\/tmp\/reeve-outside[^"]*\/socket"/, holds: 'so is it by a link in the workspace', script: `ln -s $OUTSIDE/socket s; $NODE -e 'require("net").connect("./s").on("error",e=>console.log(e.code)).on("connect",()=>console.log("reached"))'`, prints: /^(EACCES|ENOENT|EPERM)$/, tiers: [2] }, // prettier-ignore
  { id: 'X14', holds: 'its own sockets in the file system work', script: `$NODE -e 'require("net").createServer(s=>s.end("own")).listen("./own.sock",()=>require("net").connect("./own.sock").on("data",d=>{console.log(String(d));process.exit()}))'`, prints: 'own' }, // prettier-ignore

  // Processes and the kernel
  { id: 'K01', holds: 'there are no new namespaces', script: denied('unshare -n true') + '; ' + denied('unshare -U true') + '; ' + denied('nsenter -t 1 -n true'), prints: 'refused\nrefused\nrefused' }, // prettier-ignore
  { id: 'K02', holds: 'no process outside can be traced, read or robbed of descriptors', script: '$CALLS 101,16,$SUPERVISOR,0,0 310,$SUPERVISOR,@,1,@,1,0 438,3,0,0', prints: '-1\n-1\n-1' }, // prettier-ignore
  { id: 'K03', holds: 'what /proc keeps of the supervisor is shut', script: ['environ', 'mem', 'root/etc/passwd', 'fd/0', 'maps', 'cwd/x'].map((name) => denied(`cat /proc/$SUPERVISOR/${name}`)).join('; '), prints: Array(6).fill('refused').join('\n') }, // prettier-ignore
  { id: 'K04', holds: 'the supervisor cannot be signalled', script: denied('kill -STOP $SUPERVISOR') + '; ' + denied('kill -9 $PPID'), prints: 'refused\nrefused' }, // prettier-ignore
  { id: 'K07', holds: 'every set of capabilities is empty, and no new privilege can come', script: "grep -E '^(Cap(Eff|Prm|Inh|Amb)|NoNew)' /proc/self/status | cut -f2 | sort -u", prints: '0000000000000000\n1' }, // prettier-ignore
  { id: 'K07', holds: 'and so neither the firewall, the routes nor the mounts can be changed', script: `PATH=$PATH:/usr/sbin:/sbin; ${['nft flush ruleset', 'nft list ruleset', 'ip route del default', 'ip route add 10.0.0.0/8 dev lo', 'ip link set lo down', 'ip link add d0 type dummy', 'mount -t tmpfs none .', 'umount /proc', 'mount -o remount,rw /'].map(denied).join('; ')}; $CALLS 165,0,@,@,0,0 166,@,0 155,@,@ 161,@ 428,-100,@,1`, prints: [...Array<string>(9).fill('refused'), ...Array<string>(5).fill('-1')].join('\n') }, // prettier-ignore
  { id: 'K07', holds: 'nor is there anything in the bounding set', script: 'grep CapBnd /proc/self/status | cut -f2', prints: '0000000000000000', tiers: [1] }, // prettier-ignore
  { id: 'K10', holds: 'nothing can be typed into the terminal', script: '$CALLS 16,0,0x5412,@ 16,0,0xf00005412,@ 16,0,0x541c,@', prints: '-1\n-1\n-1' }, // prettier-ignore
  { id: 'K11', holds: '32-bit calls end the process', script: '$CALLS i386; echo $?; $CALLS x32; echo $?', prints: /^159\n159$/m }, // prettier-ignore
  { id: 'K12', holds: 'wide ways into the kernel are shut', script: '$CALLS 321,0,@,64 298,@,0,-1,-1,0 323,0 250,0,-3,0 246,0,0,0,0 304,-100,@,0', prints: Array(6).fill('-1').join('\n') }, // prettier-ignore
  { id: 'IPC', holds: 'memory, semaphores and queues that the user shares on the machine are shut', script: '$CALLS 29,0,4096,0x3b6 30,0,0,0 64,0,1,0x3b6 68,0,0x3b6 240,@,66,384,0', prints: Array(5).fill('-1').join('\n'), tiers: [2] }, // prettier-ignore
  { id: 'K14', holds: 'preloading changes nothing', script: 'LD_PRELOAD=/tmp/none.so NODE_OPTIONS=--no-warnings $CALLS 41,2,2,0 2>/dev/null', prints: '-13', tiers: [2] }, // prettier-ignore
  { id: 'K15', holds: 'a second filter with a listener is refused, and the first holds on', script: 'bwrap --ro-bind / / true >/dev/null 2>&1 && echo reached || echo refused; $CALLS 41,17,3,768', prints: 'refused\n-13' }, // prettier-ignore

  // Files
  { id: 'F01', holds: 'secrets of the machine are shut', script: ['/etc/shadow', '$OUTSIDE/secret', '/root/.bashrc', '/run/utmp'].map((path) => denied(`cat ${path}`)).join('; '), prints: Array(4).fill('refused').join('\n') }, // prettier-ignore
  { id: 'F02', holds: 'nothing outside of the workspace can be written', script: ['/usr/x', '/etc/x', '/tmp/reeve-x', '$OUTSIDE/x', '/proc/sys/kernel/core_pattern'].map((path) => denied(`sh -c "echo x >${path}"`)).join('; '), prints: Array(5).fill('refused').join('\n'), tiers: [2] }, // prettier-ignore
  { id: 'F03', holds: 'a link out of the workspace leads nowhere', script: `ln -s $OUTSIDE/secret l; ${denied('cat l')}; ${denied('sh -c "echo x >l"')}`, prints: 'refused\nrefused' }, // prettier-ignore
  { id: 'F06', holds: 'deleting outside of the workspace is refused', script: `${denied('rm -rf $OUTSIDE/secret')}; ${denied('rm -rf /usr/share/doc')}; ls -d /usr/share/doc`, prints: 'refused\nrefused\n/usr/share/doc', tiers: [2] }, // prettier-ignore

  // Programs
  { id: 'F12', told: /"decision":"deny","would":"deny","rule":"force-push"/, holds: 'a rule holds for the file, the name, a script, the loader and a program without a name', script: [
    denied('git push --force'),
    denied('$(command -v git) push -f'),
    denied('env git -C . push --force'),
    denied('sh -c "exec git push --force"'),
    denied('/lib64/ld-linux-x86-64.so.2 $(command -v git) push --force'),
    `ln -s $(command -v git) innocent; ${denied('./innocent push --force')}`,
    `printf '#!%s push --force\\n' $(command -v git) >script; chmod +x script; ${denied('./script')}`,
    'git --version >/dev/null && echo runs',
  ].join('; '), prints: [...Array<string>(7).fill('refused'), 'runs'].join('\n') }, // prettier-ignore
  { id: 'F10', told: /"kind":"exec","decision":"deny","would":"ask","rule":"kubectl-delete".*"outcome":"(declined|unanswered)"/, holds: 'what is asked about waits, and is denied when declined', script: `printf '#!/bin/sh\necho ran\n' >kubectl; chmod +x kubectl; ./kubectl get; ${denied('./kubectl delete pod')}`, prints: 'ran\nrefused' }, // prettier-ignore
  { id: 'F08', told: /"decision":"deny","would":"ask","rule":"bulk-delete".*"state":"held"/, holds: 'a bulk deletion is held up and its program ended when declined', script: 'for i in $(seq 60); do echo > f$i; done; rm f*; ls | grep -c ^f', prints: '40' }, // prettier-ignore
  { id: 'F06', told: /"rule":"no-delete","reason":"protected-path"/, holds: 'what the policy keeps can be written and not be deleted, moved or replaced', script: 'mkdir -p kept/in; echo a >kept/in/f; echo b >>kept/in/f; (rm -rf kept; mv kept away; mv kept/in/f f; echo c >g; mv g kept/in/f) 2>/dev/null; cat kept/in/f', prints: 'a\nb' }, // prettier-ignore
]
