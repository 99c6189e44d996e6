/* Reads what a stopped process is about to do out of its memory, bounded, into a frame. */
#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WORDS_MAX = 16384, FRAME_MAX = 192 * 1024 };

static uint8_t frame[FRAME_MAX];
static size_t used;

struct head *head(void) { return (struct head *)frame; }

/* The memory of a stopped thread; a container's own filter may refuse the call and leave the file. */
static ssize_t peek_once(pid_t thread, uint64_t from, void *into, size_t size)
{
	struct iovec mine = {into, size}, its = {(void *)(uintptr_t)from, size};
	char path[64];
	const ssize_t direct = process_vm_readv(thread, &mine, 1, &its, 1, 0);

	if (direct >= 0 || (errno != EPERM && errno != ENOSYS))
		return direct;
	snprintf(path, sizeof path, "/proc/%d/mem", thread);
	const int memory = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = memory < 0 ? -1 : pread(memory, into, size, (off_t)from);
	if (memory >= 0)
		close(memory);
	return n;
}

/* What of `size` bytes at `from` can be read; pages are read one by one, because the next may not be there. */
static size_t peek(pid_t thread, uint64_t from, uint8_t *into, size_t size)
{
	size_t got = 0;

	while (got < size) {
		const size_t page = 4096 - (from + got) % 4096;
		const ssize_t n = peek_once(thread, from + got, into + got, page < size - got ? page : size - got);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

static bool put(const void *bytes, size_t size)
{
	const uint32_t length = (uint32_t)size;

	if (sizeof frame - used < size + 4)
		return false;
	memcpy(frame + used, &length, 4);
	memcpy(frame + used + 4, bytes, size);
	used += size + 4;
	head()->count++;
	return true;
}

/* A text that ends with a NUL; read page by page into its place in the frame. False: nothing could be read. */
static bool put_text(pid_t thread, uint64_t from, size_t max)
{
	const size_t room = sizeof frame - used > 4 ? sizeof frame - used - 4 : 0;
	uint8_t *const into = frame + used + 4;
	size_t length = 0;
	bool ended = false;

	if (max > room)
		max = room;
	while (length < max && !ended) {
		const size_t page = 4096 - (from + length) % 4096;
		const size_t n = peek(thread, from + length, into + length, page < max - length ? page : max - length);
		if (n == 0)
			return false;
		const uint8_t *const nul = memchr(into + length, 0, n);
		ended = nul != NULL;
		length = ended ? (size_t)(nul - into) : length + n;
	}
	if (!ended)
		head()->flags |= SHORTENED;
	if (room == 0)
		return true;
	const uint32_t size = (uint32_t)length;
	memcpy(frame + used, &size, 4);
	used += size + 4;
	head()->count++;
	return true;
}

static bool put_words(pid_t thread, uint64_t list)
{
	uint64_t word;

	for (unsigned i = 0; list != 0; i++) {
		if (peek(thread, list + 8ull * i, (uint8_t *)&word, sizeof word) != sizeof word)
			return false;
		if (word == 0)
			return true;
		if (i == WORDS_MAX || head()->flags & SHORTENED) {
			head()->flags |= SHORTENED;
			return true;
		}
		if (!put_text(thread, word, sizeof frame))
			return false;
	}
	return true;
}

void begin(uint64_t id, pid_t thread, enum call call)
{
	used = sizeof(struct head);
	*head() = (struct head){.id = id, .thread = (uint32_t)thread, .call = call, .directory = AT_FDCWD, .second = AT_FDCWD};
}

/* The flags of a file that is opened; those of openat2 lie in memory. Where they cannot be read, the kernel cannot either. */
static uint32_t opened_how(const struct seccomp_notif *n)
{
	uint64_t how = 0;

	switch (n->data.nr) {
	case SYS_openat:
		how = n->data.args[2];
		break;
#ifdef SYS_open
	case SYS_open:
		how = n->data.args[1];
		break;
	case SYS_creat:
		how = O_CREAT | O_WRONLY | O_TRUNC;
		break;
#endif
	default:
		peek((pid_t)n->pid, n->data.args[2], (uint8_t *)&how, sizeof how);
	}
	return (uint32_t)how & ~(SHORTENED | SHUT);
}

static bool describe_path(const struct path_call *about, const struct seccomp_notif *n)
{
	const __u64 *a = n->data.args;
	const pid_t t = (pid_t)n->pid;
	const bool is_rmdir = n->data.nr == SYS_unlinkat && (uint32_t)a[2] & AT_REMOVEDIR;

	head()->call = is_rmdir ? CALL_RMDIR : about->call;
	if (about->directory != NONE)
		head()->directory = (int32_t)a[about->directory];
	if (about->second_directory != NONE)
		head()->second = (int32_t)a[about->second_directory];
	if (about->call == CALL_OPEN)
		head()->flags = opened_how(n);
	return put_text(t, a[about->path], TEXT_MAX) && (about->second_path == NONE || put_text(t, a[about->second_path], TEXT_MAX));
}

bool describe(const struct seccomp_notif *n)
{
	const __u64 *a = n->data.args;
	const pid_t t = (pid_t)n->pid;
	const char *const refused = refused_name(n->data.arch, n->data.nr);
	const struct path_call *const path = path_call(n->data.nr);
	uint8_t address[128];

	begin(n->id, t, CALL_EXEC);
	if (refused) {
		head()->call = CALL_REFUSED;
		return put(refused, strlen(refused)) && put(a, sizeof n->data.args);
	}
	if (path)
		return describe_path(path, n);
	switch (n->data.nr) {
	case SYS_execve:
		return put_text(t, a[0], TEXT_MAX) && put_words(t, a[1]);
	case SYS_execveat:
		head()->directory = (int32_t)a[0];
		head()->flags = (uint32_t)a[4] & ~SHORTENED;
		return put_text(t, a[1], TEXT_MAX) && put_words(t, a[2]);
	default: { /* connect */
		const size_t length = (uint32_t)a[2] < sizeof address ? (uint32_t)a[2] : sizeof address;
		head()->call = CALL_CONNECT;
		head()->directory = (int32_t)a[0];
		return peek(t, a[1], address, length) == length && put(address, length);
	}
	}
}

/* The text of the frame with that number, copied and ended with a NUL. */
bool text_of(uint32_t number, char *into)
{
	size_t at = sizeof(struct head);
	uint32_t length = 0;

	for (uint32_t i = 0; i <= number; i++, at += length) {
		memcpy(&length, frame + at, 4);
		at += 4;
	}
	memcpy(into, frame + at - length, length);
	into[length] = 0;
	return !memchr(into, 0, length);
}

static bool write_all(int fd, const uint8_t *from, size_t size)
{
	while (size > 0) {
		const ssize_t n = send(fd, from, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		from += n;
		size -= (size_t)n;
	}
	return true;
}

bool send_frame(int control)
{
	head()->size = (uint32_t)(used - 4);
	return write_all(control, frame, used);
}
