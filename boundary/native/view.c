/*
 * Whether a write to a path is worth asking about: the place is read-only, or no rule of the file fence opens it, or it
 * cannot be told from here. The kernel refuses by itself, and what is found here is not what decides; a program that
 * changes the path meanwhile changes what is told of it and nothing else.
 */
#include "fence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define RESOLVE_IN_ROOT 0x10ull
#define READ_ONLY 1
#define WRITE_FILE (1ull << 1)
enum { PATH_SIZE = 8192 };

struct how {
	uint64_t flags, mode, resolve;
};

/* All of the sandbox has one root: the filter refuses whatever would change it. */
static int root_of(pid_t thread)
{
	static int root = -1;
	char path[64];

	if (root < 0) {
		snprintf(path, sizeof path, "/proc/%d/root", thread);
		root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return root;
}

/* The path as it is from the root, in `into`; false where it is too long, or the thread is gone. */
static bool absolute(pid_t thread, int directory, const char *path, char *into)
{
	char link[64];
	ssize_t length = 0;

	if (path[0] != '/') {
		if (directory == AT_FDCWD)
			snprintf(link, sizeof link, "/proc/%d/cwd", thread);
		else
			snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, directory);
		length = readlink(link, into, PATH_SIZE - 2);
		if (length <= 0)
			return false;
		into[length++] = '/';
	}
	if (strlen(path) >= (size_t)(PATH_SIZE - length))
		return false;
	strcpy(into + length, path);
	for (size_t end = strlen(into); end > 1 && into[end - 1] == '/'; end--)
		into[end - 1] = 0;
	return true;
}

static bool is_opened(const struct fence *fence, int fd)
{
	char link[64], path[PATH_SIZE];

	if (!(fence->flags & FENCE_LANDLOCK))
		return true;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	const ssize_t length = readlink(link, path, sizeof path - 1);
	path[length > 0 ? length : 0] = 0;
	for (uint32_t i = 0; i < fence->count; i++) {
		const size_t n = strlen(fence->rules[i].path);
		if (fence->rules[i].rights & WRITE_FILE && strncmp(path, fence->rules[i].path, n) == 0 && (path[n] == 0 || path[n] == '/'))
			return true;
	}
	return false;
}

/* What something is mounted on cannot be taken away; what is opened may be. */
static bool is_open(const struct fence *fence, int fd, bool follows)
{
	struct statfs about;
	struct statx its;

	if (fstatfs(fd, &about) || about.f_flags & READ_ONLY)
		return false;
	if (!follows && (statx(fd, "", AT_EMPTY_PATH, 0, &its) || its.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return false;
	return is_opened(fence, fd);
}

bool is_shut(const struct fence *fence, pid_t thread, int directory, const char *path, bool follows)
{
	const struct how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	char whole[PATH_SIZE];
	struct stat about;

	if (!absolute(thread, directory, path, whole))
		return true;
	char *const last = strrchr(whole, '/');
	const char *const name = last ? last + 1 : "";
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	*last = 0;
	const int folder = (int)syscall(437 /* openat2 */, root_of(thread), *whole ? whole : "/", &how, sizeof how);
	if (folder < 0)
		return true;
	const int found = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	/* A link is for the supervisor to follow. */
	const bool elsewhere = found < 0 ? errno != ENOENT : follows && (fstat(found, &about) || S_ISLNK(about.st_mode));
	const bool shut = elsewhere || !is_open(fence, found < 0 ? folder : found, follows || found < 0);
	if (found >= 0)
		close(found);
	close(folder);
	return shut;
}
