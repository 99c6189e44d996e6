/*
 * The file fence. Rules come as a plain record; rights that the kernel does not know are left out, so that one record
 * serves every version. What no rule grants is refused. A descriptor that was open before stays usable: the caller
 * closes what the command must not have.
 */
#include "fence.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAGIC 0x31464e52u /* "RNF1" */
#define RULE_PATH_BENEATH 1
#define ASK_VERSION 1u
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_SOCKETS (1ull << 0)
#define SCOPE_SIGNALS (1ull << 1)
#define RIGHTS_OF_A_FILE ((1ull << 0) | (1ull << 1) | (1ull << 2) | (1ull << 14) | (1ull << 15))

struct ruleset {
	uint64_t files, net, scopes;
};

struct path_beneath {
	uint64_t rights;
	int32_t parent;
} __attribute__((packed));

int landlock_abi(void)
{
	const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	return abi < 0 ? 0 : (int)abi;
}

/* By version: 13 rights, then REFER, TRUNCATE, (4: TCP), IOCTL_DEV, (6: scopes). */
static uint64_t known_rights(int abi)
{
	const int bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
	return (1ull << bits) - 1;
}

static int add(int ruleset, const struct fence_rule *rule, uint64_t handled)
{
	struct stat about;
	struct path_beneath beneath = {.rights = rule->rights & handled};

	beneath.parent = open(rule->path, O_PATH | O_CLOEXEC);
	if (beneath.parent < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? 0 : -1;
	int failed = fstat(beneath.parent, &about);
	if (!failed && !S_ISDIR(about.st_mode))
		beneath.rights &= RIGHTS_OF_A_FILE;
	if (!failed && beneath.rights)
		failed = (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &beneath, 0);
	const int error = errno;
	close(beneath.parent);
	errno = error;
	return failed;
}

int landlock_restrict(const struct fence *fence)
{
	const int abi = landlock_abi();
	struct ruleset wanted = {.files = fence->flags & FENCE_LANDLOCK ? known_rights(abi) : 0};

	if (!(fence->flags & (FENCE_LANDLOCK | FENCE_NO_TCP | FENCE_SCOPE)))
		return 0;
	if (abi == 0) {
		errno = ENOSYS;
		return -1;
	}
	if (abi >= 4 && fence->flags & FENCE_NO_TCP)
		wanted.net = NET_CONNECT_TCP;
	if (abi >= 6 && fence->flags & FENCE_SCOPE)
		wanted.scopes = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
	const size_t size = abi >= 6 ? sizeof wanted : abi >= 4 ? offsetof(struct ruleset, scopes) : offsetof(struct ruleset, net);
	if (!wanted.files && !wanted.net && !wanted.scopes)
		return 0;
	const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &wanted, size, 0);
	if (ruleset < 0)
		return -1;
	for (uint32_t i = 0; i < fence->count && wanted.files; i++)
		if (add(ruleset, &fence->rules[i], wanted.files))
			return -1;
	const int failed = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
	return failed;
}

static uint8_t bytes[FENCE_BYTES_MAX];

static bool take(size_t *at, size_t end, void *into, size_t size)
{
	if (end - *at < size)
		return false;
	memcpy(into, bytes + *at, size);
	*at += size;
	return true;
}

int fence_read(int fd, struct fence *fence)
{
	size_t end = 0, at = 0;
	ssize_t n;
	uint32_t head[3], length;

	while (end < sizeof bytes && (n = read(fd, bytes + end, sizeof bytes - end)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		end += (size_t)n;
	}
	errno = EINVAL;
	if (!take(&at, end, head, sizeof head) || head[0] != MAGIC || head[2] > FENCE_RULES_MAX)
		return -1;
	fence->flags = head[1];
	fence->count = head[2];
	for (uint32_t i = 0; i < fence->count; i++) {
		if (!take(&at, end, &fence->rules[i].rights, 8) || !take(&at, end, &length, 4))
			return -1;
		if (length == 0 || end - at < length || bytes[at + length - 1] != 0)
			return -1;
		fence->rules[i].path = (const char *)bytes + at;
		at += length;
	}
	return at == end ? 0 : -1;
}
