#include "calls.h"

#include <linux/audit.h>
#include <sys/syscall.h>

#define CALL(name) {SYS_##name, #name}
#define COUNT(table) (sizeof(table) / sizeof *(table))

const struct named_call refused[] = {
	/* other processes' memory and descriptors */
	CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev), CALL(pidfd_getfd), CALL(kcmp), CALL(process_madvise), {448, "process_mrelease"},
	/* wide ways into the kernel; io_uring would also connect past the filter */
	CALL(io_uring_setup), CALL(io_uring_enter), CALL(io_uring_register), CALL(bpf), CALL(perf_event_open), CALL(userfaultfd),
	CALL(add_key), CALL(request_key), CALL(keyctl), CALL(kexec_load), CALL(kexec_file_load), CALL(init_module), CALL(finit_module),
	CALL(delete_module), CALL(syslog), CALL(fanotify_init), CALL(lookup_dcookie), CALL(nfsservctl),
	/* the view of the file system, and namespaces */
	CALL(open_by_handle_at), CALL(mount), CALL(umount2), CALL(pivot_root), CALL(chroot), CALL(open_tree), CALL(move_mount), CALL(fsopen),
	CALL(fsconfig), CALL(fsmount), CALL(fspick), {442, "mount_setattr"}, {467, "open_tree_attr"}, CALL(setns), CALL(quotactl), CALL(swapon), CALL(swapoff),
	/* the machine */
	CALL(reboot), CALL(sethostname), CALL(setdomainname), CALL(acct), CALL(vhangup), CALL(settimeofday), CALL(clock_settime),
	CALL(clock_adjtime), CALL(adjtimex),
#ifdef SYS_iopl
	CALL(iopl), CALL(ioperm), CALL(uselib), CALL(_sysctl), CALL(ustat), CALL(create_module), CALL(get_kernel_syms), CALL(query_module),
#endif
};

/* What processes of one user share by number or name, outside of the file system; a namespace has its own. */
const struct named_call shared[] = {
	CALL(shmget), CALL(shmat), CALL(shmctl), CALL(semget), CALL(semop), CALL(semtimedop), CALL(semctl), CALL(msgget), CALL(msgsnd), CALL(msgrcv),
	CALL(msgctl), CALL(mq_open), CALL(mq_unlink),
};

/* Refused for what their arguments say. */
static const struct named_call in_part[] = {
	CALL(clone), CALL(unshare), CALL(sendto), CALL(sendmsg), CALL(sendmmsg), CALL(ioctl), CALL(personality), CALL(prlimit64),
	CALL(socket), CALL(socketpair),
};

const struct path_call deletions[] = {
	{SYS_unlinkat, CALL_UNLINK, 0, 1, NONE, NONE}, {SYS_renameat2, CALL_RENAME, 0, 1, 2, 3},
#ifdef SYS_renameat
	{SYS_renameat, CALL_RENAME, 0, 1, 2, 3},
#endif
#ifdef SYS_unlink
	{SYS_unlink, CALL_UNLINK, NONE, 0, NONE, NONE}, {SYS_rmdir, CALL_RMDIR, NONE, 0, NONE, NONE},
	{SYS_rename, CALL_RENAME, NONE, 0, NONE, 1},
#endif
};

/* The commonest first: each call of a program is compared with them one by one. */
const struct path_call writes[] = {
	{SYS_openat, CALL_OPEN, 0, 1, NONE, NONE}, {437 /* openat2 */, CALL_OPEN, 0, 1, NONE, NONE},
	{SYS_mkdirat, CALL_MAKE, 0, 1, NONE, NONE}, {SYS_mknodat, CALL_MAKE, 0, 1, NONE, NONE},
	{SYS_symlinkat, CALL_MAKE, 1, 2, NONE, NONE}, {SYS_linkat, CALL_MAKE, 2, 3, NONE, NONE},
	{SYS_fchmodat, CALL_CHANGE, 0, 1, NONE, NONE}, {452 /* fchmodat2 */, CALL_CHANGE, 0, 1, NONE, NONE},
	{SYS_fchownat, CALL_CHANGE, 0, 1, NONE, NONE}, {SYS_truncate, CALL_CHANGE, NONE, 0, NONE, NONE},
	{SYS_setxattr, CALL_CHANGE, NONE, 0, NONE, NONE}, {SYS_lsetxattr, CALL_CHANGE, NONE, 0, NONE, NONE},
	{SYS_removexattr, CALL_CHANGE, NONE, 0, NONE, NONE}, {SYS_lremovexattr, CALL_CHANGE, NONE, 0, NONE, NONE},
#ifdef SYS_open
	{SYS_open, CALL_OPEN, NONE, 0, NONE, NONE}, {SYS_creat, CALL_OPEN, NONE, 0, NONE, NONE},
	{SYS_mkdir, CALL_MAKE, NONE, 0, NONE, NONE}, {SYS_mknod, CALL_MAKE, NONE, 0, NONE, NONE},
	{SYS_symlink, CALL_MAKE, NONE, 1, NONE, NONE}, {SYS_link, CALL_MAKE, NONE, 1, NONE, NONE},
	{SYS_chmod, CALL_CHANGE, NONE, 0, NONE, NONE}, {SYS_chown, CALL_CHANGE, NONE, 0, NONE, NONE},
	{SYS_lchown, CALL_CHANGE, NONE, 0, NONE, NONE},
#endif
};

const size_t refused_count = COUNT(refused), shared_count = COUNT(shared);
const size_t deletion_count = COUNT(deletions), write_count = COUNT(writes);

static const char *name_in(const struct named_call *table, size_t count, int number)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].number == number)
			return table[i].name;
	return NULL;
}

const char *refused_name(uint32_t architecture, int number)
{
#ifdef __x86_64__
	if (architecture != AUDIT_ARCH_X86_64)
		return "i386";
	if (number & 0x40000000)
		return "x32";
#else
	if (architecture != AUDIT_ARCH_AARCH64)
		return "arm";
#endif
	const char *name = name_in(refused, refused_count, number);
	if (!name)
		name = name_in(shared, shared_count, number);
	return name ? name : name_in(in_part, COUNT(in_part), number);
}

const struct path_call *path_call(int number)
{
	for (size_t i = 0; i < deletion_count; i++)
		if (deletions[i].number == number)
			return &deletions[i];
	for (size_t i = 0; i < write_count; i++)
		if (writes[i].number == number)
			return &writes[i];
	return NULL;
}
