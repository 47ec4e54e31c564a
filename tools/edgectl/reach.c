/*
 * reach.c: to a port by TCP and through a TLS handshake, each within a time.
 */
#include "reach.h"

#include "base/now.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

bool reach_wait(int fd, bool to_write, uint64_t until_ms)
{
	struct pollfd p = {.fd = fd, .events = to_write ? POLLOUT : POLLIN};
	uint64_t now = now_mono_ms();

	return now < until_ms && poll(&p, 1, (int)(until_ms - now)) > 0;
}

static int finish(int fd, uint64_t until_ms)
{
	int err = 0;
	socklen_t n = sizeof(err);

	if (!reach_wait(fd, true, until_ms))
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n) ? errno : err;
}

int reach_connect(int *out, const struct sockaddr *to, socklen_t to_len,
		  const union addr *from, uint64_t until_ms)
{
	int fd = socket(to->sa_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err = 0;

	*out = -1;
	if (fd < 0)
		return errno;
	if (from && bind(fd, &from->sa, addr_len(from)))
		err = errno;
	else if (connect(fd, to, to_len))
		err = errno == EINPROGRESS ? finish(fd, until_ms) : errno;
	if (err)
		close(fd);
	else
		*out = fd;
	return err;
}

int reach_shake(SSL *ssl, int fd, uint64_t until_ms)
{
	for (;;) {
		int r;

		ERR_clear_error();
		r = SSL_connect(ssl);
		if (r == 1)
			return 0;
		r = SSL_get_error(ssl, r);
		if (r != SSL_ERROR_WANT_READ && r != SSL_ERROR_WANT_WRITE)
			return EPROTO;
		if (!reach_wait(fd, r == SSL_ERROR_WANT_WRITE, until_ms))
			return ETIMEDOUT;
	}
}
